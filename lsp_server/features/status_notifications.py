"""didChangeStatus: tells the client how the server stands, whenever that has changed.

A notification of Copilot's clients, `{busy, kind, message}`; sent to them and to clients with the setting `status`.
"""

from __future__ import annotations

import asyncio
from dataclasses import asdict

from mellum_ls.lsp_server.reports.standing import Status
from mellum_ls.lsp_server.session import Session
from mellum_ls.lsp_server.wire.host import Host


def register(host: Host, session: Session) -> None:
    """Watch the session's standing."""
    told: Status | None = None
    waiting = False

    def tell() -> None:
        nonlocal told, waiting
        waiting = False
        status = session.standing.status
        if status != told and (session.settings.status or session.client.speaks_copilot):
            told = status
            host.notify("didChangeStatus", asdict(status))

    def changed() -> None:
        nonlocal waiting
        if not waiting:
            waiting = True
            # What changes back at once was no change.
            asyncio.get_running_loop().call_soon(tell)

    session.standing.watchers.append(changed)
