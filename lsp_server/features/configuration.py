"""workspace/didChangeConfiguration and workspace/configuration: settings pushed, and settings asked for."""

from __future__ import annotations

from mellum_ls.lsp_server.host import ClientRefused, Host
from mellum_ls.lsp_server.params import Json
from mellum_ls.lsp_server.session import Session
from mellum_ls.lsp_server.settings import SECTION


def take(host: Host, session: Session, source: str, raw: object) -> None:
    """Put one source of settings in force; what is wrong with it goes to the user's log, once."""
    for problem in session.configure(source, raw):
        host.log_to_client(f"{source}: {problem}")


async def pull(host: Host, session: Session) -> None:
    """Ask the client for its settings. A client that refuses keeps those that it gave before."""
    try:
        answer = await host.ask("workspace/configuration", {"items": [{"section": SECTION}]})
    except ClientRefused:
        return
    if isinstance(answer, list) and answer and isinstance(answer[0], dict):
        take(host, session, "workspace/configuration", answer[0])


def register(host: Host, session: Session) -> None:
    """Follow the client's changes of settings."""

    async def did_change_configuration(params: Json) -> None:
        # Null means: ask me. Some clients push and never answer; what was pushed is taken first.
        if params.get("settings") is not None:
            take(host, session, "didChangeConfiguration", params["settings"])
        if session.pulls_configuration:
            await pull(host, session)
        session.warm()

    host.handle("workspace/didChangeConfiguration", dict, did_change_configuration)
