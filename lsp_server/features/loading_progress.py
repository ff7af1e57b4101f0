"""$/progress while the model gets ready, for clients that show it: begun once, ended in every case.

The client's permission (window/workDoneProgress/create) comes first; one that refuses is not asked again for that load.
"""

from __future__ import annotations

import asyncio

from mellum_ls.lsp_server.session import Session
from mellum_ls.lsp_server.wire.host import ClientRefused, Host

_TITLE = "Mellum"


class _Loading:
    """The progress of one load."""

    def __init__(self, host: Host, token: str) -> None:
        self._host = host
        self._token = token
        self._step = ""
        self._shown = ""
        self.asking = asyncio.ensure_future(self._ask())

    def at(self, step: str) -> None:
        """The load is at that step; the empty one is its end."""
        self._step = step
        if not self._shown:
            if not step:
                self.asking.cancel()  # over before the client has answered
        elif not step:
            self._send({"kind": "end"})
        elif step != self._shown:
            self._shown = step
            self._send({"kind": "report", "message": step})

    async def _ask(self) -> None:
        try:
            await self._host.ask("window/workDoneProgress/create", {"token": self._token})
        except ClientRefused:
            return
        self._shown = self._step
        self._send({"kind": "begin", "title": _TITLE, "cancellable": False, "message": self._step})

    def _send(self, value: dict[str, object]) -> None:
        self._host.notify("$/progress", {"token": self._token, "value": value})


def register(host: Host, session: Session) -> None:
    """Watch the session's standing."""
    current: _Loading | None = None
    count = 0

    def changed() -> None:
        nonlocal current, count
        step = session.standing.facts.loading
        if current is None and step and session.client.shows_progress:
            count += 1
            current = _Loading(host, f"mellum-loading-{count}")
        if current is not None:
            current.at(step)
            if not step:
                current = None

    session.standing.watchers.append(changed)
