"""$/setTrace: whether the client is told of each message, by $/logTrace."""

from __future__ import annotations

from mellum_ls.lsp_server.session import Session
from mellum_ls.lsp_server.wire import params
from mellum_ls.lsp_server.wire.host import Host


def register(host: Host, _: Session) -> None:
    """Follow what the client wants to see."""

    def set_trace(value: str) -> None:
        host.trace(value)

    host.handle("$/setTrace", params.trace, set_trace)
