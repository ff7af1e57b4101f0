"""Code that is like the code at the cursor: by rare words in common, in the index and in the open files."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

from mellum_ls.context.index.terms import terms
from mellum_ls.context.selection.candidates import Candidate, lines_of
from mellum_ls.context.selection.question import Question
from mellum_ls.context.selection.sources.desk import Desk

_MOST_HITS = 12
_MOST_OPEN = 12
_MOST_LINES = 1200
WINDOW_LINES = 48
_LEAST_SHARED = 0.12
"""Of all words of two places so many must be shared (Jaccard)."""


def hits(question: Question, desk: Desk) -> list[Candidate]:
    """The chunks of the repository that hold the words around the cursor."""
    if not question.words:
        return []
    found = desk.index.search(question.terms, _MOST_HITS, (question.place.path,))
    return [lines_of(hit.chunk.path, hit.chunk.start_line, hit.chunk.end_line, "similar code") for hit in found]


def in_open_files(question: Question, desk: Desk) -> list[Candidate]:
    """For each open file its window most like the text before the cursor, the most alike first."""
    own = frozenset(question.words)
    if not own:
        return []
    found: list[tuple[float, str, int, int]] = []
    for path in desk.texts.open_paths[:_MOST_OPEN]:
        lines = desk.texts.lines(path) if path != question.place.path else None
        if lines:
            best = max(
                ((len(own & window) / len(own | window), -row) for row, window in enumerate(_windows(tuple(lines)))),
                default=(0.0, 0),
            )
            if best[0] >= _LEAST_SHARED:
                start = -best[1] * WINDOW_LINES // 2
                found.append((-best[0], path, start, min(len(lines), start + WINDOW_LINES)))
    return [lines_of(path, start, end, "similar code in an open file") for _, path, start, end in sorted(found)]


@lru_cache(maxsize=64)
def _windows(lines: tuple[str, ...]) -> tuple[frozenset[str], ...]:
    """The words of windows of WINDOW_LINES lines, each half over the one before."""
    half = WINDOW_LINES // 2
    halves = [
        frozenset(terms("\n".join(lines[start : start + half])))
        for start in range(0, min(len(lines), _MOST_LINES), half)
    ]
    if len(halves) < 2:
        return tuple(halves)
    return tuple(a | b for a, b in pairwise(halves))
