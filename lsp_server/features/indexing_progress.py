"""$/progress while the files of a workspace folder are read for the first time, for clients that show it.

A folder with few files to read is done before anybody has seen that it was begun, and is not worth a flicker.
"""

from __future__ import annotations

from typing import Any

from mellum_ls.lsp_server.session import Session
from mellum_ls.lsp_server.wire.host import Host
from mellum_ls.lsp_server.wire.work_progress import WorkProgress

LEAST_FILES = 300


def register(host: Host, session: Session) -> None:
    """Watch the session's workspace folders."""
    current: dict[str, WorkProgress] = {}
    count = 0

    def grown(root: str, event: dict[str, Any]) -> None:
        nonlocal count
        if event.get("event") != "progress":
            if root in current:
                current.pop(root).end()
            return
        done, total = int(event["done"]), int(event["total"])
        message, percentage = f"reading files: {done} of {total}", 100 * done // max(1, total)
        if root in current:
            current[root].at(message, percentage)
        elif session.client.shows_progress and total - done >= LEAST_FILES:
            count += 1
            current[root] = WorkProgress(host, f"mellum-indexing-{count}", message, percentage)

    session.repository.watchers.append(grown)
