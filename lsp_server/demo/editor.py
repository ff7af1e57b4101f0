"""The editor's half of the protocol: keeps one file open in the server, sends edits, asks for ghost text.

Decides nothing about what to type, when to ask or what to accept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mellum_ls.lsp_server.demo.buffer import Buffer
from mellum_ls.lsp_server.demo.client import LspClient

AUTOMATIC = 2  # InlineCompletionTriggerKind: asked for by typing, not by the user


@dataclass(slots=True)
class Ghost:
    """What came of one request so far. Times in seconds; None until it has happened."""

    asked_s: float
    text: str = ""
    """What the suggestion adds at the cursor; empty when there is none (yet)."""
    first_s: float | None = None
    """From the request to the first text."""
    total_s: float | None = None
    """From the request to the whole answer."""


class Editor:
    """An editor with at most one open file. `clock` gives seconds."""

    def __init__(self, client: LspClient, root: Path, clock: Callable[[], float]) -> None:
        self._client = client
        self._root = root
        self._clock = clock
        self._buffer: Buffer | None = None

    @property
    def buffer(self) -> Buffer:
        """The open file."""
        assert self._buffer is not None, "no file is open"
        return self._buffer

    def open(self, path: str, text: str) -> None:
        """Open a file in place of the one that is open."""
        if self._buffer is not None:
            self._client.notify("textDocument/didClose", {"textDocument": {"uri": self._uri()}})
        self._buffer = Buffer(path, "", text)
        document = {"uri": self._uri(), "languageId": "python", "version": self._buffer.version, "text": text}
        self._client.notify("textDocument/didOpen", {"textDocument": document})

    def type(self, text: str) -> None:
        """Insert `text` at the cursor."""
        self._changed(self.buffer.insert(text))

    def delete(self, count: int) -> None:
        """Delete `count` characters behind the cursor."""
        self._changed(self.buffer.delete(count))

    async def suggest(self, ghost: Ghost, on_growth: Callable[[], None]) -> None:
        """Ask for a suggestion at the cursor; `ghost` holds what has come, also when this is cancelled."""

        def take(result: Any) -> None:
            items = result["items"] if isinstance(result, dict) else result or []
            text = self.buffer.insertion(items[0]) if items else ""
            if text and ghost.first_s is None:
                ghost.first_s = self._clock() - ghost.asked_s
            if text != ghost.text:
                ghost.text = text
                on_growth()

        params = {
            "textDocument": {"uri": self._uri()},
            "position": self.buffer.position(),
            "context": {"triggerKind": AUTOMATIC},
        }
        take(await self._client.request("textDocument/inlineCompletion", params, on_partial=take))
        ghost.total_s = self._clock() - ghost.asked_s

    async def status(self) -> dict[str, Any]:
        """What the server says of itself and of the model."""
        report: dict[str, Any] = await self._client.request("mellum/status", {})
        return report

    def _changed(self, change: dict[str, Any]) -> None:
        document = {"uri": self._uri(), "version": self.buffer.version}
        self._client.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [change]})

    def _uri(self) -> str:
        return (self._root / self.buffer.path).as_uri()
