"""What a feature may do with the server. Features see this and the session, never the server itself."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from mellum_ls.lsp_server.wire.json_fields import Json


class Host(Protocol):
    """The server as its features know it."""

    def handle(self, method: str, read: Callable[[Json], Any], handler: Callable[[Any], Any]) -> None:
        """Answer `method` with what `handler` returns (plain JSON) for what `read` makes of the params.

        `read` raises ParamsError for params that do not fit. A coroutine function as handler can be cancelled.
        """

    def notify(self, method: str, params: object) -> None:
        """Send a notification to the client."""

    def ask(self, method: str, params: object) -> Awaitable[Any]:
        """Send a request to the client. Raises ClientRefused."""

    def watch_parent(self, pid: int) -> None:
        """End when the process `pid` is gone."""

    def log_to_client(self, message: str, level: int = logging.WARNING) -> None:
        """A line for the user's log window, at a level of `logging`. Never source text."""

    def trace(self, value: str) -> None:
        """Tell the client of each message from now on, or no more: `off`, `messages` or `verbose`."""


class ClientRefused(Exception):
    """The client answered a request of the server with an error."""
