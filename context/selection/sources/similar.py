"""Code that is like the code at the cursor: by rare words in common, in the index and in the open files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from mellum_ls.context.selection.candidates import Candidate, lines_of
from mellum_ls.context.selection.place import Place
from mellum_ls.context.selection.question import Question
from mellum_ls.context.selection.sources.desk import Desk

_MOST_HITS = 12
_MOST_OPEN = 12
_MOST_LINES = 1200
WINDOW_LINES = 60
_LEAST_SHARED = 0.05
"""Of all names of two places so many must be shared (Jaccard)."""
_NAME = re.compile(r"[^\W\d]\w+")
_REASON = {True: "similar code of this file, out of sight", False: "similar code in an open file"}


def hits(question: Question, desk: Desk) -> list[Candidate]:
    """The chunks of the repository that hold the words around the cursor."""
    if not question.words:
        return []
    found = desk.index.search(question.terms, _MOST_HITS, (question.place.path,))
    return [lines_of(hit.chunk.path, hit.chunk.start_line, hit.chunk.end_line, "similar code") for hit in found]


def in_open_files(question: Question, desk: Desk) -> list[Candidate]:
    """The windows most like the lines before the cursor, the most alike first: two of the document itself, of what the
    prompt does not show anyway, and one of each other open file.
    """
    place = question.place
    near = frozenset(
        _NAME.findall("\n".join(place.text.split("\n")[max(0, place.line + 1 - WINDOW_LINES) : place.line + 1]))
    )
    if not near:
        return []
    found: list[tuple[float, str, int, int]] = []
    for path in desk.texts.open_paths[:_MOST_OPEN]:
        lines = desk.texts.lines(path) if path != place.path else None
        if lines:
            found += _best(near, path, 0, tuple(lines[:_MOST_LINES]), 1)
    for start, lines in _out_of_sight(place, desk.texts.lines(place.path) or ()):
        found += _best(near, place.path, start, lines, 2)
    found.sort()
    return [lines_of(path, start, end, _REASON[path == place.path]) for _, path, start, end in found]


def _out_of_sight(place: Place, lines: Sequence[str]) -> list[tuple[int, tuple[str, ...]]]:
    """What of the document's own lines stands before and behind those that the prompt shows, with the first line's
    number.
    """
    first, last = place.visible or (0, len(lines))
    before = max(0, first - _MOST_LINES)
    return [(before, tuple(lines[before:first])), (last, tuple(lines[last : last + _MOST_LINES]))]


def _best(
    near: frozenset[str], path: str, offset: int, lines: tuple[str, ...], most: int
) -> list[tuple[float, str, int, int]]:
    """The most alike windows that do not overlap: minus their likeness, path, first line and end."""
    half = WINDOW_LINES // 2
    ranked = sorted((-len(near & names) / len(near | names), row) for row, names in enumerate(_windows(lines)))
    chosen: list[tuple[float, int]] = []
    for likeness, row in ranked:
        if -likeness < _LEAST_SHARED or len(chosen) == most:
            break
        if all(abs(row - other) > 1 for _, other in chosen):
            chosen.append((likeness, row))
    return [
        (likeness, path, offset + row * half, offset + min(len(lines), row * half + WINDOW_LINES))
        for likeness, row in chosen
    ]


@lru_cache(maxsize=64)
def _windows(lines: tuple[str, ...]) -> tuple[frozenset[str], ...]:
    """The names in windows of WINDOW_LINES lines, each half over the one before."""
    half = WINDOW_LINES // 2
    halves = [frozenset(_NAME.findall("\n".join(lines[start : start + half]))) for start in range(0, len(lines), half)]
    if len(halves) < 2:
        return tuple(halves)
    return tuple(a | b for a, b in pairwise(halves))
