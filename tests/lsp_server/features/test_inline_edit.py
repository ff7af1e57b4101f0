"""textDocument/copilotInlineEdit."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from mellum_ls.context.edits.types import Proposal
from mellum_ls.lsp_server.actions.delivery import Delivery
from mellum_ls.lsp_server.documents.store import Edit, Place
from mellum_ls.lsp_server.features import execute_command, inline_edit
from mellum_ls.lsp_server.next_edits.situation import Situation
from mellum_ls.lsp_server.session import Session
from mellum_ls.lsp_server.wire.json_fields import ParamsError
from tests.fakes.backend import ScriptedBackend
from tests.fakes.edit_engine import ScriptedEngine, each_use
from tests.fakes.host import FakeHost

ASK, SHOW, EXECUTE = "textDocument/copilotInlineEdit", "textDocument/didShowInlineEdit", "workspace/executeCommand"
URI = "file:///p/a.py"


def opened() -> tuple[FakeHost, Session]:
    host, session = FakeHost(), Session(lambda _: ScriptedBackend())
    inline_edit.register(host, session)
    execute_command.register(host, session, Delivery(host, session))
    session.next_edits.symbolic = ScriptedEngine(each_use("area", "surface"))
    session.open(URI, "python", 1, "area = 1\nprint('🎉', area)\nlog(area)\n")
    session.edit(URI, 2, [Edit("surface", Place(0, 0), Place(0, 4))])
    return host, session


def params(version: int = 2) -> dict[str, Any]:
    return {"textDocument": {"uri": URI, "version": version}, "position": {"line": 0, "character": 7}}


def test_there_is_exactly_one_edit_with_version_and_command() -> None:
    async def run() -> None:
        host, session = opened()
        [edit] = (await host.call(ASK, params()))["edits"]
        command = edit.pop("command")
        assert edit == {
            "text": "surface",
            "textDocument": {"uri": URI, "version": 2},
            "range": {"start": {"line": 1, "character": 12}, "end": {"line": 1, "character": 16}},
        }
        assert command.keys() == {"title", "command", "arguments"}
        await host.call(SHOW, {"item": {"command": {"arguments": command["arguments"]}}})
        await host.call(EXECUTE, {"command": command["command"], "arguments": command["arguments"]})
        report = await session.next_edits.report()
        assert (report["shown"], report["accepted"], report["rejected"]) == (1, 1, 0)

    asyncio.run(run())


def test_an_edit_is_turned_down_by_a_command() -> None:
    async def run() -> None:
        host, session = opened()
        [edit] = (await host.call(ASK, params()))["edits"]
        await host.call(EXECUTE, {"command": execute_command.EDIT_REJECTED, "arguments": edit["command"]["arguments"]})
        assert (await session.next_edits.report())["rejected"] == 1
        assert await host.call(ASK, params()) == {"edits": []}

    asyncio.run(run())


def test_nothing_is_an_empty_list() -> None:
    async def run() -> None:
        host, _ = opened()
        assert await host.call(ASK, params(version=1)) == {"edits": []}

    asyncio.run(run())


def test_a_fault_is_silence_and_a_line_in_the_log() -> None:
    async def run() -> None:
        host, session = opened()

        def broken(_: Situation) -> Sequence[Proposal]:
            raise ZeroDivisionError

        session.next_edits.symbolic = ScriptedEngine(broken)
        assert await host.call(ASK, params()) == {"edits": []}
        assert session.health.last_error == "internal error: ZeroDivisionError"
        assert (await session.next_edits.report())["reason"] == "the server has a fault"

    asyncio.run(run())


@pytest.mark.parametrize("method", [ASK, SHOW])
def test_what_they_cannot_mean_is_refused(method: str) -> None:
    host, _ = opened()
    with pytest.raises(ParamsError):
        asyncio.run(host.call(method, {}))
