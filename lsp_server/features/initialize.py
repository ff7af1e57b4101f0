"""initialize and initialized: what the server says it can do, and what it does when a client has said hello."""

from __future__ import annotations

from mellum_ls.lsp_server.features import code_action, text_document_content
from mellum_ls.lsp_server.features.configuration import pull, take
from mellum_ls.lsp_server.features.execute_command import COMMANDS
from mellum_ls.lsp_server.features.watched_files import watch
from mellum_ls.lsp_server.session import Session
from mellum_ls.lsp_server.settings.layers import OPTIONS
from mellum_ls.lsp_server.wire import params
from mellum_ls.lsp_server.wire.host import Host
from mellum_ls.lsp_server.wire.json_fields import Json

# A folder's name decides over all in it, so folders count like files.
_ALL_FILES = {"filters": [{"scheme": "file", "pattern": {"glob": "**"}}]}
CAPABILITIES: dict[str, object] = {
    # VS Code offers nothing else, and some clients of other editors assume it without asking.
    "positionEncoding": "utf-16",
    "textDocumentSync": {"openClose": True, "change": 2, "save": {"includeText": False}},
    "inlineCompletionProvider": {"workDoneProgress": False},
    # Notebooks of every kind, with all their cells.
    "notebookDocumentSync": {"notebookSelector": [{"notebook": "*"}], "save": True},
    "codeActionProvider": code_action.CAPABILITY,
    "executeCommandProvider": {"commands": list(COMMANDS)},
    "workspace": {
        "workspaceFolders": {"supported": True, "changeNotifications": True},
        "textDocumentContent": text_document_content.CAPABILITY,
        "fileOperations": {"didRename": _ALL_FILES, "didDelete": _ALL_FILES},
    },
    "experimental": {"mellum": {"didMoveCursor": True, "nextEdit": True}},
}


def register(host: Host, session: Session, name: str, version: str) -> None:
    """Take part in the start of a connection. `name` and `version` are the server's."""

    def initialize(request: params.InitializeRequest) -> dict[str, object]:
        session.roots = request.roots
        session.client = request.client
        session.pulls_configuration = request.pulls_configuration
        host.trace(request.trace)
        take(host, session, OPTIONS, request.options)
        if request.process_id is not None:
            host.watch_parent(request.process_id)
        return {"capabilities": CAPABILITIES, "serverInfo": {"name": name, "version": version}}

    async def initialized(_: Json) -> None:
        session.standing.open()
        if session.pulls_configuration:
            await pull(host, session)
        session.warm()
        await watch(host, session)

    host.handle("initialize", params.initialize, initialize)
    host.handle("initialized", dict, initialized)
