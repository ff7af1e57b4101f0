"""workspace/executeCommand: how a client tells what was accepted, and how it has an action run.

Some clients send it as a notification, which is just as good.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from mellum_ls.lsp_server.actions.delivery import Delivery
from mellum_ls.lsp_server.features.code_action import RUN, read_command
from mellum_ls.lsp_server.session import Session
from mellum_ls.lsp_server.wire import params
from mellum_ls.lsp_server.wire.host import Host
from mellum_ls.lsp_server.wire.json_fields import Json, ParamsError

ACCEPTED = "mellum.accepted"
"""Arguments: the id of the suggestion. One that is not known (any more) is no fault."""
EDIT_ACCEPTED = "mellum.nextEdit.accepted"
"""Arguments: the id of the next edit."""
EDIT_REJECTED = "mellum.nextEdit.rejected"
"""Arguments: the id of the next edit. No client has to say so: what is not wanted again is then not proposed again."""
COMMANDS = (ACCEPTED, EDIT_ACCEPTED, EDIT_REJECTED, RUN)
"""All commands; the server announces them."""


def accepted_command(offer_id: str) -> dict[str, object]:
    """The command of an item: clients run it when they have put the item's text into the document."""
    return {"title": "Suggestion accepted", "command": ACCEPTED, "arguments": [offer_id]}


def edit_accepted_command(edit_id: str) -> dict[str, object]:
    """The command of a next edit: clients run it when they have made the edit."""
    return {"title": "Next edit accepted", "command": EDIT_ACCEPTED, "arguments": [edit_id]}


def register(host: Host, session: Session, delivery: Delivery) -> None:
    """Take what clients execute."""

    takers: dict[str, Callable[[str], object]] = {
        ACCEPTED: session.offers.accepted,
        EDIT_ACCEPTED: lambda edit_id: session.next_edits.accepted(edit_id),
        EDIT_REJECTED: lambda edit_id: session.next_edits.rejected(edit_id),
    }

    def begin(raw: Json) -> Callable[[], Awaitable[object]]:
        """Read a command; what takes no time is done at once, for the next message may depend on it."""
        command = params.command(raw)
        if command.name in takers:
            takers[command.name](params.offer_id(command.arguments))
            return _nothing
        if command.name == RUN:
            wanted = read_command(command.arguments)
            return lambda: delivery.execute(wanted)
        raise ParamsError("command should be one of those that the server announced")

    async def execute(rest: Callable[[], Awaitable[object]]) -> object:
        return await rest()

    host.handle("workspace/executeCommand", begin, execute)


async def _nothing() -> None:
    return None
