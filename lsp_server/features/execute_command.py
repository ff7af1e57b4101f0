"""workspace/executeCommand: how a client tells what was accepted; each item and each next edit carries the command.

Some clients send it as a notification, which is just as good.
"""

from __future__ import annotations

from collections.abc import Callable

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
COMMANDS = (ACCEPTED, EDIT_ACCEPTED, EDIT_REJECTED)
"""All commands; the server announces them."""


def accepted_command(offer_id: str) -> dict[str, object]:
    """The command of an item: clients run it when they have put the item's text into the document."""
    return {"title": "Suggestion accepted", "command": ACCEPTED, "arguments": [offer_id]}


def edit_accepted_command(edit_id: str) -> dict[str, object]:
    """The command of a next edit: clients run it when they have made the edit."""
    return {"title": "Next edit accepted", "command": EDIT_ACCEPTED, "arguments": [edit_id]}


def register(host: Host, session: Session) -> None:
    """Take what clients execute."""

    takers: dict[str, Callable[[str], object]] = {
        ACCEPTED: session.offers.accepted,
        EDIT_ACCEPTED: lambda edit_id: session.next_edits.accepted(edit_id),
        EDIT_REJECTED: lambda edit_id: session.next_edits.rejected(edit_id),
    }

    def read(raw: Json) -> Callable[[], object]:
        command = params.command(raw)
        if command.name not in takers:
            raise ParamsError("command should be one of those that the server announced")
        offer_id = params.offer_id(command.arguments)
        return lambda: takers[command.name](offer_id)

    def execute(run: Callable[[], object]) -> None:
        run()

    host.handle("workspace/executeCommand", read, execute)
