"""workspace/didChangeWatchedFiles and textDocument/didSave: what changes on disk, for the index of the workspace.

Which files matter is the index's question: clients are asked to tell of all, and keep their own exclusions.
"""

from __future__ import annotations

from mellum_ls.lsp_server.session import Session
from mellum_ls.lsp_server.wire import params
from mellum_ls.lsp_server.wire.host import ClientRefused, Host

METHOD = "workspace/didChangeWatchedFiles"


async def watch(host: Host, session: Session) -> None:
    """Ask the client to tell of files, if it can be asked. One that refuses is lived without: saves are told anyway."""
    if not session.client.watches_files:
        return
    options = {"watchers": [{"globPattern": "**/*"}]}
    registration = {"id": "mellum-watched-files", "method": METHOD, "registerOptions": options}
    try:
        await host.ask("client/registerCapability", {"registrations": [registration]})
    except ClientRefused:
        return


def register(host: Host, session: Session) -> None:
    """Follow files on disk."""

    async def did_change_watched_files(uris: tuple[str, ...]) -> None:
        session.files_changed(uris)

    async def did_save(uri: str) -> None:
        session.files_changed((uri,))

    host.handle(METHOD, params.files_watched, did_change_watched_files)
    host.handle("textDocument/didSave", params.saved, did_save)
