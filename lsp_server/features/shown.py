"""textDocument/didShowCompletion, didPartiallyAcceptCompletion and didFocus: what the user sees, takes and looks at.

Notifications of Copilot's clients; their shapes are theirs. Clients without them lose nothing but figures.
"""

from __future__ import annotations

from mellum_ls.lsp_server.session import Session
from mellum_ls.lsp_server.wire import params
from mellum_ls.lsp_server.wire.host import Host


def register(host: Host, session: Session) -> None:
    """Follow what is shown."""

    def did_show(offer_id: str) -> None:
        session.offers.shown(offer_id)

    def did_focus(uri: str) -> None:
        session.focus(uri)

    def did_partially_accept(acceptance: params.PartialAcceptance) -> None:
        session.offers.partially_accepted(acceptance.offer_id, acceptance.length)

    host.handle("textDocument/didShowCompletion", params.shown_item, did_show)
    host.handle("textDocument/didPartiallyAcceptCompletion", params.partial_acceptance, did_partially_accept)
    host.handle("textDocument/didFocus", params.focused, did_focus)
