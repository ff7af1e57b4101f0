"""A Host that a feature can be registered with alone: its handlers are called directly, what it sends is kept."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable
from typing import Any

from mellum_ls.lsp_server.wire.host import ClientRefused


class FakeHost:
    """`answers` holds what the client answers by method; a method that is not in it is refused."""

    def __init__(self, answers: dict[str, object] | None = None) -> None:
        self.answers = answers or {}
        self.handlers: dict[str, Callable[[Any], Any]] = {}
        self.notified: list[tuple[str, object]] = []
        self.logged: list[str] = []
        self.watched: list[int] = []
        self.traces: list[str] = []
        self.asked: list[tuple[str, object]] = []

    def handle(self, method: str, read: Callable[[Any], Any], handler: Callable[[Any], Any]) -> None:
        self.handlers[method] = lambda raw: handler(read(raw))

    def notify(self, method: str, params: object) -> None:
        self.notified.append((method, params))

    async def ask(self, method: str, params: object) -> Any:
        self.asked.append((method, params))
        if method not in self.answers:
            raise ClientRefused(method)
        return self.answers[method]

    def watch_parent(self, pid: int) -> None:
        self.watched.append(pid)

    def log_to_client(self, message: str, level: int = logging.WARNING) -> None:
        self.logged.append(message)

    def trace(self, value: str) -> None:
        self.traces.append(value)

    async def call(self, method: str, raw: object) -> Any:
        """What the feature answers to `method` with the params `raw`."""
        result = self.handlers[method](raw)
        return await result if inspect.isawaitable(result) else result
