"""workspace/textDocumentContent: the text of explanations, as far as it has been written."""

from __future__ import annotations

from mellum_ls.lsp_server.actions.explanations import SCHEME
from mellum_ls.lsp_server.session import Session
from mellum_ls.lsp_server.wire import action_params
from mellum_ls.lsp_server.wire.host import Host

CAPABILITY: dict[str, object] = {"schemes": [SCHEME]}


def register(host: Host, session: Session) -> None:
    """Answer requests for the text of a document that is not the client's."""

    def content(uri: str) -> dict[str, object]:
        text = session.actions.explanations.text(uri)
        return {"text": "*this explanation is no longer there*\n" if text is None else text}

    host.handle("workspace/textDocumentContent", action_params.document_uri, content)
