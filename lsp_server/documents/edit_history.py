"""What kind of change a document has seen last: typing, erasing, undoing. Inferred, since the protocol does not tell.

An edit that exactly takes back the one before it is an undo. Knows edits only, nothing of documents or requests.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

_DEPTH = 64
_MOST_CHARS = 20_000
"""A larger change is not remembered, so that undoing it goes unnoticed."""
Kind = Literal["typed", "erased", "undone", "other"]
# typed: text put in at one place; erased: one character taken out; undone: an undo or redo; other: everything else.


@dataclass(frozen=True, slots=True)
class Replaced:
    """One edit as it was applied: at `line` and string index `column`, `inserted` took the place of `removed`."""

    line: int
    column: int
    removed: str
    inserted: str

    def takes_back(self, other: Replaced) -> bool:
        """Whether this is the exact inverse of `other`."""
        return (self.line, self.column, self.removed, self.inserted) == (
            other.line,
            other.column,
            other.inserted,
            other.removed,
        )

    def joined(self, later: Replaced) -> Replaced | None:
        """Both as one edit, as editors group them for undo: typing that goes on, or erasing that does."""
        if not self.removed and not later.removed and later == _after(self, later.inserted):
            return Replaced(self.line, self.column, "", self.inserted + later.inserted)
        if self.inserted or later.inserted:
            return None
        if (later.line, later.column + len(later.removed)) == (self.line, self.column):
            return Replaced(later.line, later.column, later.removed + self.removed, "")
        return None


def _after(edit: Replaced, inserted: str) -> Replaced:
    """The insertion of `inserted` right behind what `edit` has inserted."""
    above, newline, last = edit.inserted.rpartition("\n")
    if newline:
        return Replaced(edit.line + above.count("\n") + 1, len(last), "", inserted)
    return Replaced(edit.line, edit.column + len(edit.inserted), "", inserted)


class EditHistory:
    """The last edits of one document, as an editor's undo and redo lists would hold them."""

    def __init__(self) -> None:
        self._undo: deque[tuple[Replaced, ...]] = deque(maxlen=_DEPTH)
        self._redo: deque[tuple[Replaced, ...]] = deque(maxlen=_DEPTH)

    def note(self, change: Sequence[Replaced]) -> Kind:
        """Take the edits of one change notification; what kind of change it was."""
        change = tuple(change)
        size = sum(len(edit.removed) + len(edit.inserted) for edit in change)
        if not change or size > _MOST_CHARS:
            self._undo.clear()
            self._redo.clear()
            return "other"
        erased = len(change) == 1 and not change[0].inserted and size == 1
        for here, there in ((self._undo, self._redo), (self._redo, self._undo)):
            # A single character may as well have been erased, or typed again, by its own key.
            if size > 1 and here and _takes_back(change, here[-1]):
                there.append(change)
                here.pop()
                return "undone"
        self._redo.clear()
        joined = self._undo[-1][0].joined(change[0]) if self._undo and len(change) == len(self._undo[-1]) == 1 else None
        if joined is not None:
            self._undo[-1] = (joined,)
        else:
            self._undo.append(change)
        if erased:
            return "erased"
        return "typed" if len(change) == 1 and not change[0].removed else "other"


@dataclass(frozen=True, slots=True)
class LastChange:
    """The last change of a document: its kind, and the lines that it touched."""

    kind: Kind = "other"
    first: int = 0
    last: int = 0


class EditHistories:
    """The histories of the open documents that have been edited, by URI."""

    def __init__(self) -> None:
        self._histories: dict[str, tuple[EditHistory, LastChange]] = {}

    def __len__(self) -> int:
        return len(self._histories)

    def note(self, uri: str, change: Sequence[Replaced]) -> None:
        """Take the edits of one change notification."""
        history, _ = self._histories.get(uri, (EditHistory(), None))
        kind = history.note(change)
        first = min((edit.line for edit in change), default=0)
        last = max((edit.line + edit.inserted.count("\n") for edit in change), default=0)
        self._histories[uri] = history, LastChange(kind, first, last)

    def last(self, uri: str) -> LastChange:
        """The last change of a document; one of no consequence where there was none."""
        found = self._histories.get(uri)
        return LastChange() if found is None else found[1]

    def forget(self, uri: str) -> None:
        """The document is another, or gone."""
        self._histories.pop(uri, None)


def _takes_back(change: tuple[Replaced, ...], other: tuple[Replaced, ...]) -> bool:
    return len(change) == len(other) and all(
        new.takes_back(old) for new, old in zip(change, reversed(other), strict=True)
    )
