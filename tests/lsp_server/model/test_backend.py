import asyncio
import inspect

import pytest

from mellum_ls.lsp_server.model.backend import Backend, Done, Piece, Query, Usage
from mellum_ls.lsp_server.model.runtime_backend import RuntimeBackend
from tests.fakes.backend import ScriptedBackend


@pytest.mark.parametrize("kind", [RuntimeBackend, ScriptedBackend])
def test_every_backend_has_what_the_protocol_asks_for(kind: type) -> None:
    for name in ("warm", "complete", "prefill", "status", "close"):
        wanted = inspect.signature(getattr(Backend, name)).parameters
        assert list(inspect.signature(getattr(kind, name)).parameters) == list(wanted)


def test_a_stream_ends_with_the_whole_text() -> None:
    async def run() -> list[Piece | Done]:
        return [item async for item in ScriptedBackend("a b").complete(Query("s", "", ""))]

    assert asyncio.run(run()) == [Piece("a "), Piece("b"), Done("a b", usage=Usage(0, 0, 3, 1.5, 2.5))]
