"""notebookDocument/didOpen, didChange, didClose, didSave: cells are documents, and a notebook is their order."""

from __future__ import annotations

from mellum_ls.lsp_server.session import Session
from mellum_ls.lsp_server.wire import params
from mellum_ls.lsp_server.wire.host import Host


def register(host: Host, session: Session) -> None:
    """Follow the notebooks that the client opens, edits and closes. What is not open is ignored."""

    def did_open(notebook: params.NotebookOpened) -> None:
        for document in notebook.texts:
            session.open(document.uri, document.language_id, document.version, document.text)
        session.notebooks.open(notebook.uri, notebook.cells)

    def did_change(change: params.NotebookChanged) -> None:
        _change(session, change)

    def did_close(closed: params.NotebookClosed) -> None:
        for uri in (*closed.texts, *(cell.uri for cell in session.notebooks.cells(closed.uri))):
            session.shut(uri)
        session.notebooks.close(closed.uri)

    host.handle("notebookDocument/didOpen", params.notebook_opened, did_open)
    host.handle("notebookDocument/didChange", params.notebook_changed, did_change)
    host.handle("notebookDocument/didClose", params.notebook_closed, did_close)
    # A save says nothing that the edits have not said; without a handler it would be logged as unknown.
    host.handle("notebookDocument/didSave", dict, lambda _: None)


def _change(session: Session, change: params.NotebookChanged) -> None:
    typed = {text.uri for text in change.texts}
    for cell in session.notebooks.cells(change.uri):
        # Whatever has changed, it may stand in the prompt of any other cell.
        if cell.uri not in typed or change.splice is not None:
            session.change(cell.uri)
    for document in change.opened:
        session.open(document.uri, document.language_id, document.version, document.text)
    for uri in change.closed:
        session.shut(uri)
    if change.splice is not None:
        session.notebooks.splice(change.uri, change.splice.start, change.splice.delete_count, change.splice.cells)
    session.notebooks.update(change.uri, change.cells)
    for text in change.texts:
        session.edit(text.uri, text.version, text.edits)
