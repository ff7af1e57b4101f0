"""workspace/executeCommand: how a client tells that a suggestion was accepted; its item carries the command.

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
COMMANDS = (ACCEPTED,)
"""All commands; the server announces them."""


def accepted_command(offer_id: str) -> dict[str, object]:
    """The command of an item: clients run it when they have put the item's text into the document."""
    return {"title": "Suggestion accepted", "command": ACCEPTED, "arguments": [offer_id]}


def register(host: Host, session: Session) -> None:
    """Take what clients execute."""

    def read(raw: Json) -> Callable[[], object]:
        command = params.command(raw)
        if command.name != ACCEPTED:
            raise ParamsError("command should be one of those that the server announced")
        offer_id = params.offer_id(command.arguments)
        return lambda: session.offers.accepted(offer_id)

    def execute(run: Callable[[], object]) -> None:
        run()

    host.handle("workspace/executeCommand", read, execute)
