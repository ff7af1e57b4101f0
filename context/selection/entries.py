"""The texts that a choice becomes, in the order in which they stand in a prompt, and what they show. Only data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mellum_ls.context.selection.candidates import Candidate, Key
from mellum_ls.context.selection.choosing import Choice
from mellum_ls.context.selection.fusion import Scored
from mellum_ls.context.selection.rendering import size, skeleton
from mellum_ls.context.selection.sifting import alike, line_set


@dataclass(frozen=True, slots=True)
class Entry:
    """One text at the head of the prompt and the pieces that it was made of."""

    path: str
    text: str
    pieces: tuple[Candidate, ...]
    """Never empty; all of one form, and only one where they are lines."""
    score: float
    """That of its best piece when it was chosen."""
    reason: str

    @property
    def chars(self) -> int:
        """What it takes of the prompt."""
        return size(self.path, self.text)

    @property
    def is_lines(self) -> bool:
        """Whether it is text as it stands in the file, not a skeleton."""
        return self.pieces[0].form == "lines"


class Shown:
    """What some entries say already."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._keys: set[Key] = set()
        self._ranges: dict[str, list[tuple[int, int]]] = {}
        self._texts: list[frozenset[str]] = []
        for entry in entries:
            self._keys.update(piece.key for piece in entry.pieces)
            if entry.is_lines:
                piece = entry.pieces[0]
                self._ranges.setdefault(entry.path, []).append((piece.start_line, piece.end_line))
                self._texts.append(line_set(entry.text))

    def __contains__(self, candidate: Candidate) -> bool:
        if candidate.key in self._keys:
            return True
        if candidate.form == "outline":
            ranges = self._ranges.get(candidate.path, ())
            return any(start <= candidate.start_line < end for start, end in ranges)
        ranges = self._ranges.get(candidate.path, ())
        both = sum(max(0, min(end, candidate.end_line) - max(start, candidate.start_line)) for start, end in ranges)
        if 2 * both > candidate.end_line - candidate.start_line:
            return True
        mine = line_set(candidate.text)
        return any(alike(mine, text) for text in self._texts)


def laid_out(choice: Choice) -> list[Entry]:
    """A choice as entries: the heads of each file as one skeleton, each piece of text by itself."""
    by_file: dict[str, list[Scored]] = {}
    for item in choice.heads:
        by_file.setdefault(item.candidate.path, []).append(item)
    entries = [
        Entry(
            path,
            skeleton(item.candidate for item in items),
            tuple(item.candidate for item in items),
            max(item.score for item in items),
            items[0].candidate.reason,
        )
        for path, items in by_file.items()
    ]
    for item in choice.lines:
        piece = item.candidate
        entries.append(Entry(piece.path, piece.text, (piece,), item.score, piece.reason))
    return ordered(entries)


def ordered(entries: Iterable[Entry]) -> list[Entry]:
    """Skeletons by path, since they live longest; then text, the best last: what is nearest to the cursor counts."""

    def rank(entry: Entry) -> tuple[bool, float, str, int, str]:
        score = entry.score if entry.is_lines else 0.0
        return entry.is_lines, score, entry.path, entry.pieces[0].start_line, entry.text

    return sorted(entries, key=rank)
