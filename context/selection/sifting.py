"""What of a ranking is fit to be chosen: allowed, not on the screen anyway, readable, said once, not all of one file.

Reads the texts of the candidates; does not rank them anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mellum_ls.context.selection.candidates import Candidate
from mellum_ls.context.selection.choosing import HEAD_SHARE
from mellum_ls.context.selection.fusion import Scored
from mellum_ls.context.selection.place import Place
from mellum_ls.context.selection.rendering import size
from mellum_ls.context.selection.texts import Texts

MOST_READ = 24
"""Pieces of text that are read for one choice, at most; what ranks lower is not looked at."""
MOST_PER_FILE = 3
_MOST_LINES = 96
_GAP = 3
"""Pieces of one file with no more lines between them are one piece."""
_SPARE = 1.25
"""What is looked at, over what there is room for: some of it will turn out to be there already."""
SAME = 0.9
"""Jaccard of lines above which two pieces say the same."""
_LONGEST_LINE = 400
"""A piece with a longer line is data, not code."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What was not chosen, and why in words."""

    candidate: Candidate
    reason: str


def sift(ranked: Sequence[Scored], place: Place, texts: Texts, chars: int) -> tuple[list[Scored], list[LeftOut]]:
    """What is fit, in the order of `ranked` and with the texts filled in, and what is not.

    Looks at no more than it takes to fill `chars` characters: to judge a file and to read it costs more than all else.
    """
    left: list[LeftOut] = []
    allowed = _Allowed(place, texts, left)
    for_lines = chars - int(chars * HEAD_SHARE)
    pieces = _merged([item for item in ranked if item.candidate.form == "lines"][:MOST_READ])
    lines = _Lines(pieces, allowed, place, texts)
    heads, taken = _heads(ranked, allowed, chars - min(lines.read_on(for_lines), for_lines))
    # What heads leave goes to lines.
    lines.read_on(max(for_lines, chars - taken))
    left += [LeftOut(item.candidate, "ranked too low to be read") for item in lines.rest]
    return sorted([*heads, *lines.kept], key=lambda item: -item.score), left


class _Allowed:
    """What may be shown of what is not on the screen; notes what may not."""

    def __init__(self, place: Place, texts: Texts, left: list[LeftOut]) -> None:
        self._place, self._texts, self.left = place, texts, left

    def __call__(self, candidate: Candidate) -> bool:
        path = candidate.path
        if (reason := self._texts.private(path)) is not None:
            self.left.append(LeftOut(candidate, reason))
        elif path == self._place.path and self._place.shows(candidate.start_line, candidate.end_line):
            self.left.append(LeftOut(candidate, "stands in the window around the cursor"))
        else:
            return True
        return False


def _heads(ranked: Iterable[Scored], allowed: _Allowed, chars: int) -> tuple[list[Scored], int]:
    """The best heads for a little more than `chars` characters, since some of them will be shown by bodies."""
    kept: list[Scored] = []
    files: set[str] = set()
    taken = 0
    for item in ranked:
        if item.candidate.form != "outline":
            continue
        if taken > _SPARE * chars:
            break
        if allowed(item.candidate):
            kept.append(item)
            path = item.candidate.path
            taken += len(item.candidate.text) + 1 + (0 if path in files else size(path, ""))
            files.add(path)
    return kept, taken


def _merged(items: Sequence[Scored]) -> list[Scored]:
    """Ranges of one file that overlap or touch become one, as long as it stays short; the better score counts."""
    merged: list[Scored] = []
    for item in items:
        mine = item.candidate
        for row, other in enumerate(merged):
            theirs = other.candidate
            start, end = min(mine.start_line, theirs.start_line), max(mine.end_line, theirs.end_line)
            apart = max(mine.start_line, theirs.start_line) - min(mine.end_line, theirs.end_line)
            if mine.path == theirs.path and apart <= _GAP and end - start <= _MOST_LINES:
                joined = theirs._replace(start_line=start, end_line=end)
                sources = dict.fromkeys((*other.sources, *item.sources))
                merged[row] = Scored(joined, max(item.score, other.score), joined.key, tuple(sources))
                break
        else:
            merged.append(item)
    return merged


class _Lines:
    """Pieces that are read one after the other; those that are kept say each something else."""

    def __init__(self, items: Sequence[Scored], allowed: _Allowed, place: Place, texts: Texts) -> None:
        self.rest = list(items)
        """What is not read yet."""
        self.kept: list[Scored] = []
        self._allowed, self._texts = allowed, texts
        first, last = place.visible or (0, None)
        self._shown = line_set("\n".join(place.text.split("\n")[first:last]))
        self._said: list[frozenset[str]] = []
        self._count: Counter[str] = Counter()
        self._taken = 0

    def read_on(self, room: int) -> int:
        """Read until there is a little more than `room` characters. How many there are."""
        while self.rest and self._taken <= _SPARE * room:
            item = self.rest.pop(0)
            if self._allowed(item.candidate):
                read = _read(item.candidate, self._texts)
                if isinstance(read, str):
                    self._allowed.left.append(LeftOut(item.candidate, read))
                else:
                    self._keep(item._replace(candidate=read))
        return self._taken

    def _keep(self, item: Scored) -> None:
        piece, left = item.candidate, self._allowed.left
        mine = line_set(piece.text)
        if not mine or len(mine & self._shown) > SAME * len(mine):
            left.append(LeftOut(piece, "says what stands around the cursor"))
        elif any(alike(mine, other) for other in self._said):
            left.append(LeftOut(piece, "says what another piece says"))
        elif self._count[piece.path] == MOST_PER_FILE:
            left.append(LeftOut(piece, "enough of that file is chosen"))
        else:
            self._count[piece.path] += 1
            self._said.append(mine)
            self._taken += size(piece.path, piece.text)
            self.kept.append(item)


def _read(candidate: Candidate, texts: Texts) -> Candidate | str:
    """The piece with its text, or why there is none."""
    lines = texts.lines(candidate.path)
    if lines is None:
        return "cannot be read"
    end = min(candidate.end_line, len(lines), candidate.start_line + _MOST_LINES)
    chosen = lines[candidate.start_line : end]
    text = "\n".join(chosen).rstrip()
    if not text.strip() or (candidate.name and candidate.name not in text):
        return "no longer stands where it was found"
    if max(map(len, chosen)) > _LONGEST_LINE:
        return "has lines as long as data has"
    return candidate._replace(end_line=end, text=text)


def line_set(text: str) -> frozenset[str]:
    """The different lines of a text that say something, without their indentation."""
    return frozenset(line for raw in text.split("\n") if len(line := raw.strip()) > 2)


def alike(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two texts, as their lines, say the same."""
    both = len(one & other)
    return both > SAME * (len(one) + len(other) - both)
