"""The client of pytest-lsp, which is not ours and reads answers into lsprotocol's types, with a referee watching.

Knows how that client sends and receives; what is right is the referee's business.
"""

from __future__ import annotations

import asyncio
import copy
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from pygls.protocol import default_converter
from pytest_lsp import LanguageClient, LanguageClientProtocol
from pytest_lsp.client import register_lsp_features

from tests.fakes.referee import Referee

SECONDS = 60.0


class JudgedProtocol(LanguageClientProtocol):
    """Shows every body to `referee`, on its way out and before it is read into types."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.referee = Referee()

    def set_writer(self, writer: Any, include_headers: bool = True) -> None:
        super().set_writer(_Watched(writer, self.referee), include_headers)

    def structure_message(self, data: dict[str, Any]) -> Any:
        # pygls asks for every object in a message, the innermost first.
        if "jsonrpc" in data:
            self.referee.received(copy.deepcopy(data))
        return super().structure_message(data)


class _Watched:
    """A writer that shows what is written; a body comes in one piece with its header."""

    def __init__(self, writer: asyncio.StreamWriter, referee: Referee) -> None:
        self._writer, self._referee = writer, referee

    def write(self, data: bytes) -> None:
        self._referee.sent(data.partition(b"\r\n\r\n")[2])
        self._writer.write(data)

    def close(self) -> None:
        self._writer.close()


@asynccontextmanager
async def judged_client(command: Sequence[str], env: Mapping[str, str]) -> AsyncGenerator[LanguageClient, None]:
    """A running server and a client to it that has said nothing yet. The block has to end the session in order.

    Raises AssertionError for whatever the referee has found.
    """
    client = LanguageClient(protocol_cls=JudgedProtocol, converter_factory=default_converter)
    register_lsp_features(client)
    # Not pytest-lsp's own start: that one sends the server's log to this process's and keeps nothing of it.
    await super(LanguageClient, client).start_io(*command, env=dict(env))
    process = client._server
    assert process is not None
    assert process.stderr is not None
    listening = asyncio.ensure_future(process.stderr.read())
    try:
        yield client
        async with asyncio.timeout(SECONDS):
            await process.wait()
            log = (await listening).decode()
        await client.stop()
        assert isinstance(client.protocol, JudgedProtocol)
        referee = client.protocol.referee
        assert referee.ended_in_order, "the test did not shut the server down"
        referee.ended(process.returncode, log)
        assert not referee.faults, "\n".join(referee.faults)
        assert client.error is None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
