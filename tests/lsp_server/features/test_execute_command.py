import asyncio

import pytest

from mellum_ls.lsp_server.actions.delivery import Delivery
from mellum_ls.lsp_server.answers.completer import Suggestion
from mellum_ls.lsp_server.features import execute_command
from mellum_ls.lsp_server.features.execute_command import ACCEPTED, accepted_command
from mellum_ls.lsp_server.session import Session
from mellum_ls.lsp_server.wire.json_fields import ParamsError
from tests.fakes.backend import ScriptedBackend
from tests.fakes.host import FakeHost


def test_the_command_of_an_item_tells_its_acceptance() -> None:
    async def run() -> None:
        host, session = FakeHost(), Session(lambda _: ScriptedBackend())
        execute_command.register(host, session, Delivery(host, session))
        session.documents.open("u", "python", 1, "x = ")
        [offer] = session.offer("u", [Suggestion("1", 0, 4, 4)])
        command = accepted_command(offer.id)
        assert await host.call("workspace/executeCommand", command) is None
        assert offer.fate == "accepted"
        assert await host.call("workspace/executeCommand", accepted_command("unknown")) is None

    asyncio.run(run())


@pytest.mark.parametrize(
    "raw",
    [
        {"command": "no.such", "arguments": ["x"]},
        {"command": ACCEPTED},
        {"command": ACCEPTED, "arguments": []},
        {"command": ACCEPTED, "arguments": [1]},
        {"command": "mellum.action"},
        {"command": "mellum.action", "arguments": [{"kind": "fix"}]},
        {"arguments": ["x"]},
    ],
)
def test_what_it_cannot_mean_is_refused(raw: dict[str, object]) -> None:
    host, session = FakeHost(), Session(lambda _: ScriptedBackend())
    execute_command.register(host, session, Delivery(host, session))
    with pytest.raises(ParamsError):
        asyncio.run(host.call("workspace/executeCommand", raw))
