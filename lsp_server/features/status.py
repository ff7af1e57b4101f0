"""mellum/status: how the model is, what is pinned, how requests and suggestions fared, and why the last got none."""

from __future__ import annotations

from mellum_ls.lsp_server.session import Session
from mellum_ls.lsp_server.wire.host import Host
from mellum_ls.lsp_server.wire.json_fields import Json


def register(host: Host, session: Session) -> None:
    """Answer status requests; asking starts nothing."""

    async def status(_: Json) -> dict[str, object]:
        return await session.report()

    host.handle("mellum/status", dict, status)
