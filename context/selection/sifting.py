"""What of a ranking is fit to be chosen: allowed, not on the screen anyway, readable, said once, not all of one file.

Reads the texts of the candidates; does not rank them anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from mellum_ls.context.selection.candidates import Candidate
from mellum_ls.context.selection.fusion import Scored
from mellum_ls.context.selection.place import Place
from mellum_ls.context.selection.texts import Texts

MOST_READ = 24
"""Pieces of text that are read for one choice; what ranks lower is not looked at."""
MOST_PER_FILE = 3
_MOST_LINES = 96
_GAP = 3
"""Pieces of one file with no more lines between them are one piece."""
SAME = 0.9
"""Jaccard of lines above which two pieces say the same."""
_LONGEST_LINE = 400
"""A piece with a longer line is data, not code."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What was not chosen, and why in words."""

    candidate: Candidate
    reason: str


def sift(ranked: Sequence[Scored], place: Place, texts: Texts) -> tuple[list[Scored], list[LeftOut]]:
    """What is fit, in the order of `ranked` and with the texts filled in, and what is not."""
    left: list[LeftOut] = []
    allowed = _allowed(ranked, place, texts, left)
    lines = [item for item in allowed if item.candidate.form == "lines"]
    left += [LeftOut(item.candidate, "ranked too low to be read") for item in lines[MOST_READ:]]
    kept = _distinct(_read(_merged(lines[:MOST_READ]), texts, left), place, left)
    outlines = [item for item in allowed if item.candidate.form == "outline"]
    return sorted([*outlines, *kept], key=lambda item: -item.score), left


def _allowed(ranked: Iterable[Scored], place: Place, texts: Texts, left: list[LeftOut]) -> list[Scored]:
    refused: dict[str, str | None] = {}
    kept: list[Scored] = []
    for item in ranked:
        candidate = item.candidate
        path = candidate.path
        if path not in refused:
            refused[path] = texts.refuses(path)
        if (reason := refused[path]) is not None:
            left.append(LeftOut(candidate, reason))
        elif path == place.path and place.shows(candidate.start_line, candidate.end_line):
            left.append(LeftOut(candidate, "stands in the window around the cursor"))
        else:
            kept.append(item)
    return kept


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
                joined = replace(theirs, start_line=start, end_line=end)
                sources = dict.fromkeys((*other.sources, *item.sources))
                merged[row] = Scored(joined, max(item.score, other.score), joined.key, tuple(sources))
                break
        else:
            merged.append(item)
    return merged


def _read(items: Iterable[Scored], texts: Texts, left: list[LeftOut]) -> list[Scored]:
    kept: list[Scored] = []
    for item in items:
        candidate = item.candidate
        lines = texts.lines(candidate.path)
        if lines is None:
            left.append(LeftOut(candidate, "cannot be read"))
            continue
        end = min(candidate.end_line, len(lines), candidate.start_line + _MOST_LINES)
        chosen = lines[candidate.start_line : end]
        text = "\n".join(chosen).rstrip()
        if not text.strip() or (candidate.name and candidate.name not in text):
            left.append(LeftOut(candidate, "no longer stands where it was found"))
        elif max(map(len, chosen)) > _LONGEST_LINE:
            left.append(LeftOut(candidate, "has lines as long as data has"))
        else:
            kept.append(replace(item, candidate=replace(candidate, end_line=end, text=text)))
    return kept


def _distinct(items: Iterable[Scored], place: Place, left: list[LeftOut]) -> list[Scored]:
    first, last = place.visible or (0, None)
    shown = line_set("\n".join(place.text.split("\n")[first:last]))
    count: Counter[str] = Counter()
    kept: list[tuple[frozenset[str], Scored]] = []
    for item in items:
        mine = line_set(item.candidate.text)
        if not mine or len(mine & shown) > SAME * len(mine):
            left.append(LeftOut(item.candidate, "says what stands around the cursor"))
        elif any(alike(mine, other) for other, _ in kept):
            left.append(LeftOut(item.candidate, "says what another piece says"))
        elif count[item.candidate.path] == MOST_PER_FILE:
            left.append(LeftOut(item.candidate, "enough of that file is chosen"))
        else:
            count[item.candidate.path] += 1
            kept.append((mine, item))
    return [item for _, item in kept]


def line_set(text: str) -> frozenset[str]:
    """The different lines of a text that say something, without their indentation."""
    return frozenset(line for raw in text.split("\n") if len(line := raw.strip()) > 2)


def alike(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two texts, as their lines, say the same."""
    both = len(one & other)
    return both > SAME * (len(one) + len(other) - both)
