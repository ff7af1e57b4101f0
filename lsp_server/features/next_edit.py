"""mellum/nextEdit: as textDocument/copilotInlineEdit, and why there is no edit, and on demand in other documents too.

A request of this server's own, announced as the capability `experimental.mellum.nextEdit`.
"""

from __future__ import annotations

from mellum_ls.lsp_server.features.inline_edit import edits, found
from mellum_ls.lsp_server.session import Session
from mellum_ls.lsp_server.wire import edit_params
from mellum_ls.lsp_server.wire.host import Host


def register(host: Host, session: Session) -> None:
    """Answer requests for next edits in full: `{edits, kind, reason, silence}`; a text that says nothing is empty."""

    async def next_edit(request: edit_params.NextEditRequest) -> dict[str, object]:
        edit, silence = await found(session, request, elsewhere=request.elsewhere)
        proposal = None if edit is None else edit.proposal
        return {
            "edits": edits(edit),
            "kind": "" if proposal is None else proposal.kind,
            "reason": "" if proposal is None else proposal.reason,
            "silence": silence,
        }

    host.handle("mellum/nextEdit", edit_params.next_edit, next_edit)
