"""What the user has changed lately, over all files, as hunks of lines. Told of texts only; knows no language.

A text that returns to an earlier state takes its hunks back to that state too, which is what undo and redo do. What no
hand types in one go (a checkout, a formatter, a replacement in many files) is no edit of the user's.
"""

from __future__ import annotations

import re
import threading
from collections import deque
from dataclasses import dataclass, field
from typing import Literal

from mellum_ls.context.edits.merging import Replaced, difference, follow, merged, overlap, places, stands
from mellum_ls.context.edits.types import Hunk

Noted = Literal["edit", "returned", "bulk", "nothing"]
"""What a change was: the user's, a return to an earlier state (undo, redo), too much at once, or none that is kept."""

NEAR_LINES = 8
NEAR_SECONDS = 5.0
MOST_HUNKS = 64
MOST_CHARS = 40_000
"""Of the texts of all hunks."""
MOST_HUNK_CHARS = 4_000
MOST_TEXT_CHARS = 2_000_000
"""Larger texts are not followed."""
MOST_LINES_AT_ONCE = 60
MOST_PLACES_AT_ONCE = 10
MOST_FILES_AT_ONCE = 3
AT_ONCE_SECONDS = 1.0
_MOST_STATES = 128
_MOST_FILES = 200
# Within so many lines the places of one change are told apart.
_MOST_COMPARED_LINES = 400
_BLANKS = re.compile(r"\s+")


@dataclass(slots=True)
class _File:
    last: int | None = None
    """The hash of the text after the last change."""
    hunks: list[Hunk] = field(default_factory=list)
    """Ordered by when they were last changed."""
    states: dict[int, tuple[Hunk, ...]] = field(default_factory=dict)
    """The hunks that there were, by the hash of the text; the latest last."""


class EditLog:
    """The hunks of all files. May be asked from any thread."""

    def __init__(self) -> None:
        self._files: dict[str, _File] = {}
        self._lock = threading.Lock()
        self._arrivals: deque[tuple[float, str]] = deque(maxlen=64)
        self._bulk_until = float("-inf")

    def note(self, path: str, before: str, after: str, at: float) -> Noted:
        """Take a change of a file's whole text, with line ends `\\n`, made at `at` (seconds). Files are to be excluded
        by the caller."""
        with self._lock:
            return self._note(path, before, after, at)

    def forget(self, path: str) -> None:
        """Drop what is known of a file."""
        with self._lock:
            self._files.pop(path, None)

    def clear(self) -> None:
        """Drop everything."""
        with self._lock:
            self._files.clear()
            self._arrivals.clear()

    def hunks(self, limit: int = 20, path: str | None = None) -> list[Hunk]:
        """The latest hunks, latest first, of one file or of all; lines are those of the texts as they are now."""
        with self._lock:
            files = [self._files[path]] if path in self._files else [] if path is not None else self._files.values()
            # Of two at the same time the one noted later comes first.
            found = [hunk for file in files for hunk in reversed(file.hunks)]
        return sorted(found, key=lambda hunk: -hunk.at)[:limit]

    def _note(self, path: str, before: str, after: str, at: float) -> Noted:
        if before == after:
            return "nothing"
        if max(len(before), len(after)) > MOST_TEXT_CHARS:
            self._files.pop(path, None)
            return "bulk"
        file = self._files.pop(path, None) or _File()
        # The last one that was changed is the last to go.
        self._files[path] = file
        while len(self._files) > _MOST_FILES:
            self._files.pop(next(iter(self._files)))
        now, then = hash(after), hash(before)
        if then != file.last:
            # Something was not told: hunks and texts do not belong together any more.
            file.hunks, file.states = [], {then: ()}
        file.last = now
        if now in file.states:
            file.hunks = list(file.states[now])
            self._keep(file, now)
            return "returned"
        noted = self._take(path, file, before, after, at)
        if noted == "edit" and self._is_many_files(path, at):
            noted = "bulk"
        self._keep(file, now)
        self._bound()
        return noted

    def _keep(self, file: _File, state: int) -> None:
        file.states.pop(state, None)
        file.states[state] = tuple(file.hunks)
        while len(file.states) > _MOST_STATES:
            file.states.pop(next(iter(file.states)))

    def _take(self, path: str, file: _File, before: str, after: str, at: float) -> Noted:
        whole = difference(before, after)
        separated = _separated(whole)
        if separated is None or _is_layout(whole):
            file.hunks = [moved for hunk in file.hunks for moved in follow(hunk, whole)]
            return "bulk"
        lines = before.split("\n")
        # From the last to the first, so that those before it stand where `lines` says.
        returned = True
        for place in reversed(separated):
            returned = self._replace(path, file, lines, place, at) and returned
            lines[place.start : place.start + len(place.old)] = place.new
        return "returned" if returned else "edit"

    def _replace(self, path: str, file: _File, lines: list[str], change: Replaced, at: float) -> bool:
        """Take one place of a change; whether that only took back what a hunk had done."""
        near: list[Hunk] = []
        for known in reversed(file.hunks):
            if (
                at - known.at <= NEAR_SECONDS
                and _distance(known, change) <= NEAR_LINES
                and stands(known, lines)
                and not any(overlap(known, other) for other in near)
            ):
                near.append(known)
        file.hunks = [moved for known in file.hunks if known not in near for moved in follow(known, change)]
        hunk = merged(path, near, change, lines, at)
        returned = hunk.old == hunk.new or any(known.old == known.new for known in file.hunks)
        file.hunks = [known for known in file.hunks if known.old != known.new]
        if not returned and _chars(hunk) <= MOST_HUNK_CHARS:
            file.hunks.append(hunk)
        return returned

    def _is_many_files(self, path: str, at: float) -> bool:
        """Whether the change is one of many at once; those before it are no edits either, then."""
        self._arrivals.append((at, path))
        recent = {other for when, other in self._arrivals if 0 <= at - when <= AT_ONCE_SECONDS}
        if len(recent) > MOST_FILES_AT_ONCE:
            self._bulk_until = at + AT_ONCE_SECONDS
            for other in recent:
                if (file := self._files.get(other)) is not None:
                    file.hunks = [hunk for hunk in file.hunks if not 0 <= at - hunk.at <= AT_ONCE_SECONDS]
            return True
        if at < self._bulk_until:
            file = self._files[path]
            file.hunks = [hunk for hunk in file.hunks if hunk.at != at]
            return True
        return False

    def _bound(self) -> None:
        oldest = sorted((hunk.at, path) for path, file in self._files.items() for hunk in file.hunks)
        chars = sum(_chars(hunk) for file in self._files.values() for hunk in file.hunks)
        for _, path in oldest:
            if len(oldest) <= MOST_HUNKS and chars <= MOST_CHARS:
                break
            file = self._files[path]
            gone = file.hunks.pop(0)
            chars -= _chars(gone)
            oldest = oldest[1:]
            file.states = {file.last: tuple(file.hunks)} if file.last is not None else {}


def _separated(whole: Replaced) -> list[Replaced] | None:
    """The places of one change, ordered; None where they are too many or too large for a hand."""
    most = max(len(whole.old), len(whole.new))
    if most <= NEAR_LINES:
        return [whole]
    if most > _MOST_COMPARED_LINES:
        return None
    # Where a place stands in the old text is what the changes before it have not moved yet.
    found, moved = [], 0
    for at, old, new in places(whole.start, whole.old, whole.new):
        found.append(Replaced(at - moved, old, new))
        moved += len(new) - len(old)
    touched = sum(max(len(place.old), len(place.new)) for place in found)
    return found if len(found) <= MOST_PLACES_AT_ONCE and touched <= MOST_LINES_AT_ONCE else None


def _is_layout(whole: Replaced) -> bool:
    """Whether several lines were only laid out anew."""
    if max(len(whole.old), len(whole.new)) < 2:
        return False
    old, new = (_BLANKS.sub("", "".join(lines)) for lines in (whole.old, whole.new))
    return bool(old) and old == new


def _distance(hunk: Hunk, change: Replaced) -> int:
    """Lines between them; 0 where they touch."""
    return max(0, change.start - hunk.start_line - len(hunk.new), hunk.start_line - change.start - len(change.old))


def _chars(hunk: Hunk) -> int:
    return sum(len(line) + 1 for line in (*hunk.old, *hunk.new))
