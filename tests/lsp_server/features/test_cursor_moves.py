import asyncio

import pytest

from mellum_ls.lsp_server.features import cursor_moves
from mellum_ls.lsp_server.session import Session
from mellum_ls.lsp_server.wire.json_fields import ParamsError
from tests.fakes.backend import ScriptedBackend
from tests.fakes.host import FakeHost
from tests.fakes.sleeper import Sleeper, settled

METHOD = "mellum/didMoveCursor"
START, END = {"line": 0, "character": 2}, {"line": 0, "character": 5}


@pytest.mark.parametrize(("end", "suffix"), [(START, "= 1"), (END, "")])
def test_what_is_read_ahead_is_what_stays_around_a_cursor_or_a_selection(end: object, suffix: str) -> None:
    async def run() -> None:
        time, backend, host = Sleeper(), ScriptedBackend("1"), FakeHost()
        session = Session(lambda _: backend, sleep=time.sleep, clock=lambda: time.now)
        session.documents.open("u", "python", 1, "x = 1")
        cursor_moves.register(host, session)
        await host.call(METHOD, {"textDocument": {"uri": "u"}, "range": {"start": START, "end": end}})
        await settled()
        assert [(query.prefix, query.suffix) for query in backend.prefilled] == [("x ", suffix)]
        await session.close()

    asyncio.run(run())


@pytest.mark.parametrize("raw", [{}, {"textDocument": {"uri": "u"}}, {"textDocument": {"uri": "u"}, "range": {}}])
def test_params_that_do_not_fit_are_refused(raw: object) -> None:
    async def run() -> None:
        host = FakeHost()
        cursor_moves.register(host, Session(lambda _: ScriptedBackend()))
        with pytest.raises(ParamsError):
            await host.call(METHOD, raw)

    asyncio.run(run())
