"""textDocument/didOpen, didChange, didClose: keeps the session's documents in step with the client's."""

from __future__ import annotations

from mellum_ls.lsp_server.session import Session
from mellum_ls.lsp_server.wire import params
from mellum_ls.lsp_server.wire.host import Host


def register(host: Host, session: Session) -> None:
    """Follow what the client opens, edits and closes. An edit of a document that is not open is ignored."""

    def did_open(document: params.Opened) -> None:
        session.open(document.uri, document.language_id, document.version, document.text)

    def did_change(change: params.Changed) -> None:
        session.edit(change.uri, change.version, change.edits)

    def did_close(uri: str) -> None:
        session.shut(uri)

    host.handle("textDocument/didOpen", params.opened, did_open)
    host.handle("textDocument/didChange", params.changed, did_change)
    host.handle("textDocument/didClose", params.closed, did_close)
