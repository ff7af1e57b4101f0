"""workspace/didChangeConfiguration and workspace/configuration: settings pushed, and settings asked for.

They are asked for once for the window and once for each workspace folder; a document's folder decides.
"""

from __future__ import annotations

from collections.abc import Mapping

from mellum_ls.lsp_server.session import Session
from mellum_ls.lsp_server.settings.fields import SECTION
from mellum_ls.lsp_server.settings.layers import PULLED, PUSHED
from mellum_ls.lsp_server.wire.host import ClientRefused, Host
from mellum_ls.lsp_server.wire.json_fields import Json


def take(host: Host, session: Session, source: str, raw: object, folders: Mapping[str, object] | None = None) -> None:
    """Put one source of settings in force; what is wrong with it goes to the user's log, once."""
    for problem in session.configure(source, raw, folders):
        host.log_to_client(f"{source}: {problem}")


async def pull(host: Host, session: Session) -> None:
    """Ask the client for its settings. A client that refuses keeps those that it gave before."""
    roots, number = session.roots, session.layers.ask()
    items = [{"section": SECTION}, *({"scopeUri": root, "section": SECTION} for root in roots)]
    try:
        answer = await host.ask("workspace/configuration", {"items": items})
    except ClientRefused:
        return
    if not isinstance(answer, list) or not session.layers.is_latest(number):
        return
    window, *scoped = answer or [None]
    folders = {root: said for root, said in zip(roots, scoped, strict=False) if isinstance(said, dict)}
    take(host, session, PULLED, window if isinstance(window, dict) else None, folders)


def register(host: Host, session: Session) -> None:
    """Follow the client's changes of settings."""

    async def did_change_configuration(params: Json) -> None:
        # Null means: ask me. Some clients push and never answer; what was pushed is taken first.
        if params.get("settings") is not None:
            take(host, session, PUSHED, params["settings"])
        if session.pulls_configuration:
            await pull(host, session)
        session.warm()

    host.handle("workspace/didChangeConfiguration", dict, did_change_configuration)
