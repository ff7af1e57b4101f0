"""textDocument/copilotInlineEdit: the one edit that the user would make next, or none.

The method of Copilot's clients, with its shapes: exactly one edit, in the document that was asked about and of the
version that was asked about. The only errors are bad params and a cancellation: some clients show every other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mellum_ls.lsp_server.features.execute_command import edit_accepted_command
from mellum_ls.lsp_server.session import Session
from mellum_ls.lsp_server.wire import edit_params, params
from mellum_ls.lsp_server.wire.host import Host

if TYPE_CHECKING:
    from mellum_ls.lsp_server.next_edits.fates import NextEdit


def edits(edit: NextEdit | None) -> list[dict[str, object]]:
    """The list of a client's edits. Never null: some clients would go over it without looking."""
    if edit is None:
        return []
    span = {
        "start": {"line": edit.start.line, "character": edit.start.character},
        "end": {"line": edit.end.line, "character": edit.end.character},
    }
    document = {"uri": edit.uri, "version": edit.version}
    return [{"text": edit.text, "textDocument": document, "range": span, "command": edit_accepted_command(edit.id)}]


async def found(
    session: Session, request: edit_params.NextEditRequest, *, elsewhere: bool = False
) -> tuple[NextEdit | None, str]:
    """What the session finds, and why it finds nothing; a fault of ours is told in the log and is silence."""
    try:
        answer = await session.next_edits.find(request.uri, request.place, request.version, elsewhere=elsewhere)
    except Exception as error:  # noqa: BLE001 -- the edge: no fault of ours may open a window
        session.health.failed(f"internal error: {type(error).__name__}")
        return None, "the server has a fault"
    return answer.edit, answer.silence


def register(host: Host, session: Session) -> None:
    """Answer requests for next edits, and follow what is shown."""

    async def inline_edit(request: edit_params.NextEditRequest) -> dict[str, object]:
        edit, _ = await found(session, request)
        return {"edits": edits(edit)}

    def did_show(edit_id: str) -> None:
        session.next_edits.shown(edit_id)

    host.handle("textDocument/copilotInlineEdit", edit_params.next_edit, inline_edit)
    host.handle("textDocument/didShowInlineEdit", params.shown_item, did_show)
