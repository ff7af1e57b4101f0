"""workspace/didRenameFiles and didDeleteFiles: what the editor itself does to files and folders."""

from __future__ import annotations

from mellum_ls.lsp_server.session import Session
from mellum_ls.lsp_server.wire import params
from mellum_ls.lsp_server.wire.host import Host


def register(host: Host, session: Session) -> None:
    """Follow files to their new names, and forget those that are gone."""

    async def did_rename_files(renames: tuple[tuple[str, str], ...]) -> None:
        for old, new in renames:
            session.moved(old, new)

    async def did_delete_files(uris: tuple[str, ...]) -> None:
        for uri in uris:
            session.moved(uri, None)

    host.handle("workspace/didRenameFiles", params.files_renamed, did_rename_files)
    host.handle("workspace/didDeleteFiles", params.files_deleted, did_delete_files)
