"""$/progress while the model gets ready, for clients that show it."""

from __future__ import annotations

from mellum_ls.lsp_server.session import Session
from mellum_ls.lsp_server.wire.host import Host
from mellum_ls.lsp_server.wire.work_progress import WorkProgress


def register(host: Host, session: Session) -> None:
    """Watch the session's standing."""
    current: WorkProgress | None = None
    count = 0

    def changed() -> None:
        nonlocal current, count
        step = session.standing.facts.loading
        if current is None and step and session.client.shows_progress:
            count += 1
            current = WorkProgress(host, f"mellum-loading-{count}", step)
        elif current is not None and step:
            current.at(step)
        elif current is not None:
            current.end()
            current = None

    session.standing.watchers.append(changed)
