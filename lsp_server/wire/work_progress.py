"""One piece of work that a client shows as $/progress: begun once, ended in every case.

The client's permission (window/workDoneProgress/create) comes first; one that refuses is not asked again for that work.
"""

from __future__ import annotations

import asyncio

from mellum_ls.lsp_server.wire.host import ClientRefused, Host

TITLE = "Mellum"


class WorkProgress:
    """Begins at once with `message`; `percentage` is 0 to 100, or None where nobody knows.

    With `cancellable` the client may offer to cancel it, which it then says by window/workDoneProgress/cancel.
    """

    def __init__(
        self, host: Host, token: str, message: str, percentage: int | None = None, *, cancellable: bool = False
    ) -> None:
        self._host = host
        self._token = token
        self._cancellable = cancellable
        self._latest = (message, percentage)
        self._shown: tuple[str, int | None] | None = None
        self.asking = asyncio.ensure_future(self._ask())

    def at(self, message: str, percentage: int | None = None) -> None:
        """The work has come so far."""
        self._latest = (message, percentage)
        if self._shown is not None and self._latest != self._shown:
            self._send("report")

    def end(self) -> None:
        """The work is over."""
        if self._shown is None:
            self.asking.cancel()  # over before the client has answered
        else:
            self._host.notify("$/progress", {"token": self._token, "value": {"kind": "end"}})

    async def _ask(self) -> None:
        try:
            await self._host.ask("window/workDoneProgress/create", {"token": self._token})
        except ClientRefused:
            return
        self._send("begin")

    def _send(self, kind: str) -> None:
        message, percentage = self._shown = self._latest
        value: dict[str, object] = {"kind": kind, "message": message}
        if kind == "begin":
            value |= {"title": TITLE, "cancellable": self._cancellable}
        if percentage is not None:
            value["percentage"] = percentage
        self._host.notify("$/progress", {"token": self._token, "value": value})
