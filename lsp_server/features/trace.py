"""$/setTrace: whether the client is told of each message, by $/logTrace."""

from __future__ import annotations

from mellum_ls.lsp_server import params
from mellum_ls.lsp_server.host import Host
from mellum_ls.lsp_server.session import Session


def register(host: Host, _: Session) -> None:
    """Follow what the client wants to see."""

    def set_trace(value: str) -> None:
        host.trace(value)

    host.handle("$/setTrace", params.trace, set_trace)
