import asyncio
from typing import Any

import pytest

from mellum_ls.lsp_server.actions.delivery import Delivery
from mellum_ls.lsp_server.features import code_action
from mellum_ls.lsp_server.features.code_action import read_command
from mellum_ls.lsp_server.session import Session
from mellum_ls.lsp_server.wire.abilities import Abilities
from mellum_ls.lsp_server.wire.clients import Client
from mellum_ls.lsp_server.wire.json_fields import ParamsError
from tests.fakes.backend import ScriptedBackend
from tests.fakes.host import FakeHost

# Clients as a whole, and every kind of action, are in tests/e2e/test_code_actions.py.

URI = "file:///r/a.py"
ASKED = {
    "textDocument": {"uri": URI},
    "range": {"start": {"line": 1, "character": 0}, "end": {"line": 1, "character": 3}},
    "context": {
        "diagnostics": [{"range": {"start": {"line": 1, "character": 4}}, "message": "odd", "data": {"theirs": 1}}]
    },
}


def listed(abilities: Abilities) -> list[dict[str, Any]]:
    async def run() -> list[dict[str, Any]]:
        host, session = FakeHost(), Session(lambda _: ScriptedBackend())
        session.client = Client(abilities=abilities)
        session.open(URI, "python", 1, "def one():\n    return uno\n")
        code_action.register(host, session, Delivery(host, session))
        found: list[dict[str, Any]] = await host.call("textDocument/codeAction", ASKED)
        return found

    return asyncio.run(run())


def test_an_action_carries_what_its_client_can_use() -> None:
    fix, document, *_ = listed(Abilities(*[True] * 8))
    assert (fix["kind"], fix["tags"], fix["diagnostics"]) == ("quickfix", [1], ASKED["context"]["diagnostics"])  # type: ignore[index]
    assert "command" not in fix
    assert "edit" not in fix
    assert "diagnostics" not in document
    fix, *_ = listed(Abilities(takes_actions=True, applies_edits=True))
    assert fix["command"]["command"] == "mellum.action"
    assert "tags" not in fix
    assert "data" not in fix
    fix, *_ = listed(Abilities(applies_edits=True))
    assert fix.keys() == {"title", "command", "arguments"}
    assert listed(Abilities()) == []


def test_actions_of_others_come_back_as_they_are() -> None:
    async def run() -> None:
        host, session = FakeHost(), Session(lambda _: ScriptedBackend())
        code_action.register(host, session, Delivery(host, session))
        whole = {"title": "x", "command": {"title": "x", "command": "theirs"}}
        assert await host.call("codeAction/resolve", whole) == whole
        with pytest.raises(ParamsError):
            await host.call("codeAction/resolve", {"title": "x", "data": {"theirs": 1}})
        await host.call("window/workDoneProgress/cancel", {"token": "theirs"})

    asyncio.run(run())


def test_a_command_needs_an_action() -> None:
    with pytest.raises(ParamsError, match="should hold an action"):
        read_command(())
