"""The editor's half of the protocol: opens documents, sends edits and caret moves, asks for completions and for status.

Decides nothing about what is typed or when to ask.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mellum_ls.lsp_server.demo.client import LspClient
from mellum_ls.lsp_server.keystrokes.languages import language_of
from mellum_ls.lsp_server.keystrokes.script import Change, Move, Open
from mellum_ls.lsp_server.keystrokes.utf16_text import Utf16Text

Json = dict[str, Any]
AUTOMATIC = 2  # InlineCompletionTriggerKind: asked for by typing, not by the user


class Editor:
    """An editor with any number of open documents. `capabilities` are what the server announced."""

    def __init__(self, client: LspClient, root: Path, capabilities: Mapping[str, Any]) -> None:
        self._client = client
        self._root = root
        self._texts: dict[str, Utf16Text] = {}
        self._versions: dict[str, int] = {}
        mine = (capabilities.get("experimental") or {}).get("mellum") or {}
        self.tells_moves = mine.get("didMoveCursor") is True
        """Whether the server wants to know of carets that rest."""

    def open(self, action: Open) -> None:
        """Open a document, or put another text into an open one."""
        path = action.path
        if path in self._texts:
            self._changed(path, self._texts[path].reset(action.text))
            return
        self._texts[path], self._versions[path] = Utf16Text(action.text), 1
        document = {"uri": self._uri(path), "languageId": language_of(path), "version": 1, "text": action.text}
        self._client.notify("textDocument/didOpen", {"textDocument": document})

    def change(self, action: Change) -> None:
        """Make an edit in an open document."""
        self._changed(action.path, self._texts[action.path].edit(action.replacements))

    def move(self, action: Move) -> bool:
        """Tell the server where the caret rests; False when it does not want to know, or the document is not open."""
        if not self.tells_moves or action.path not in self._texts:
            return False
        text = self._texts[action.path]
        first, last = sorted((action.start, action.end))
        span = {"start": text.place(first), "end": text.place(last)}
        self._client.notify("mellum/didMoveCursor", {"textDocument": {"uri": self._uri(action.path)}, "range": span})
        return True

    def text(self, path: str) -> str:
        """An open document as it is now."""
        return self._texts[path].text

    async def complete(self, path: str, caret: int) -> str:
        """The text of the suggestion at `caret`, empty for none. Raises ServerGone, and Refused for an error."""
        params = {
            "textDocument": {"uri": self._uri(path)},
            "position": self._texts[path].place(caret),
            "context": {"triggerKind": AUTOMATIC},
        }
        result = await self._client.request("textDocument/inlineCompletion", params)
        items = result["items"] if isinstance(result, dict) else result or []
        return str(items[0]["insertText"]) if items else ""

    async def status(self) -> Json:
        """What the server says of itself and of the model."""
        report: Json = await self._client.request("mellum/status", {})
        return report

    def _changed(self, path: str, changes: list[Json]) -> None:
        self._versions[path] += 1
        document = {"uri": self._uri(path), "version": self._versions[path]}
        self._client.notify("textDocument/didChange", {"textDocument": document, "contentChanges": changes})

    def _uri(self, path: str) -> str:
        return (self._root / path).as_uri()
