"""workspace/didChangeWorkspaceFolders: the roots that paths in prompts are relative to, each with its own settings."""

from __future__ import annotations

from mellum_ls.lsp_server.features.configuration import pull
from mellum_ls.lsp_server.session import Session
from mellum_ls.lsp_server.wire import params
from mellum_ls.lsp_server.wire.host import Host


def register(host: Host, session: Session) -> None:
    """Follow the folders of the client's workspace."""

    async def did_change_workspace_folders(change: params.FoldersChange) -> None:
        kept = [root for root in session.roots if root not in change.removed]
        session.roots = tuple(dict.fromkeys([*kept, *change.added]))
        session.repository.keep(session.roots)
        if session.pulls_configuration:
            await pull(host, session)

    host.handle("workspace/didChangeWorkspaceFolders", params.folders_change, did_change_workspace_folders)
