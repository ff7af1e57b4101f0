"""One file as the editor has it: text before and behind the cursor, and each change as LSP wants it told.

Lines end at \\n only: files with other line ends are not opened. Knows no server.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mellum_ls.lsp_server.documents.positions import index_of, utf16_length

Json = dict[str, Any]


@dataclass(slots=True)
class Buffer:
    """A document with a cursor in it. `path` is relative to the repository, with forward slashes."""

    path: str
    before: str
    after: str
    version: int = 1

    @property
    def text(self) -> str:
        """The whole text."""
        return self.before + self.after

    @property
    def line(self) -> int:
        """Zero-based line of the cursor."""
        return self.before.count("\n")

    @property
    def line_before(self) -> str:
        """The cursor's line up to the cursor."""
        return self.before.rpartition("\n")[2]

    @property
    def line_after(self) -> str:
        """The cursor's line from the cursor on."""
        return self.after.partition("\n")[0]

    def position(self) -> Json:
        """The cursor as an LSP position: UTF-16 columns."""
        return {"line": self.line, "character": utf16_length(self.line_before)}

    def move(self, offset: int) -> None:
        """Put the cursor at a string offset of the text."""
        text = self.text
        self.before, self.after = text[:offset], text[offset:]

    def insert(self, text: str) -> Json:
        """Type `text` at the cursor, which goes behind it; the content change."""
        place = self.position()
        self.before += text
        self.version += 1
        return {"range": {"start": place, "end": place}, "text": text}

    def delete(self, count: int) -> Json:
        """Delete `count` characters behind the cursor; the content change."""
        gone = self.after[:count]
        start = self.position()
        lines = gone.count("\n")
        tail = utf16_length(gone.rpartition("\n")[2])
        end = {"line": start["line"] + lines, "character": tail if lines else start["character"] + tail}
        self.after = self.after[count:]
        self.version += 1
        return {"range": {"start": start, "end": end}, "text": ""}

    def insertion(self, item: Json) -> str:
        """What an inline completion item adds at the cursor; empty when it is not for this place.

        An item may replace text to both sides of the cursor, if it says that text again.
        """
        text: str = item["insertText"]
        span = item.get("range")
        if span is None:
            return text
        line = self.line_before + self.line_after
        cursor = len(self.line_before)
        if not span["start"]["line"] == span["end"]["line"] == self.line:
            return ""
        head = line[index_of(line, span["start"]["character"]) : cursor]
        tail = line[cursor : index_of(line, span["end"]["character"])]
        if not text.startswith(head) or not text.endswith(tail) or len(text) < len(head) + len(tail):
            return ""
        return text[len(head) : len(text) - len(tail)]
