"""Where the user was of late and what he changed, as the choice of context asks for it. Kept short; knows no texts.

Lines are counted as they were then: what was inserted above since moves them, which matters little for places.
"""

from __future__ import annotations

from collections.abc import Sequence

from mellum_ls.lsp_server.documents.store import Edit

MOST = 50
NEAR_LINES = 10
"""Edits, or visits, so near to the last one in the same document are the same place."""


class Recently:
    """The last visits, edits and openings, the latest first. Documents are told apart by their URIs."""

    def __init__(self) -> None:
        self.visits: list[tuple[str, int]] = []
        self.edits: list[tuple[str, int, int]] = []
        """URI, first changed line, and the line behind the last one."""
        self.opened: list[str] = []

    def open(self, uri: str) -> None:
        """A document was opened, or is looked at again."""
        if uri in self.opened:
            self.opened.remove(uri)
        self.opened.insert(0, uri)
        del self.opened[MOST:]

    def visit(self, uri: str, line: int) -> None:
        """The cursor rested there."""
        if not self.opened or self.opened[0] != uri:
            self.open(uri)
        if self.visits and self.visits[0][0] == uri and abs(self.visits[0][1] - line) <= NEAR_LINES:
            self.visits[0] = (uri, line)
            return
        self.visits.insert(0, (uri, line))
        del self.visits[MOST:]

    def edit(self, uri: str, edits: Sequence[Edit]) -> None:
        """A document was edited; an edit of all of it says nothing."""
        for edit in edits:
            if edit.start is None or edit.end is None:
                continue
            first, last = edit.start.line, edit.start.line + edit.text.count("\n") + 1
            if self.edits:
                known, start, end = self.edits[0]
                if known == uri and start - NEAR_LINES <= first <= end + NEAR_LINES:
                    shift = last - 1 - edit.end.line if first < end else 0
                    self.edits[0] = (uri, min(start, first), max(end + shift, last))
                    continue
            self.edits.insert(0, (uri, first, last))
            del self.edits[MOST:]

    def forget(self, uri: str) -> None:
        """The document is gone, or has another name."""
        self.visits = [visit for visit in self.visits if visit[0] != uri]
        self.edits = [edit for edit in self.edits if edit[0] != uri]
        self.opened = [known for known in self.opened if known != uri]
