"""Skeletons of the modules that the file imports: what of them may be wanted though no one has typed it yet."""

from __future__ import annotations

from mellum_ls.context.selection.candidates import Candidate, head_of
from mellum_ls.context.selection.question import Question
from mellum_ls.context.selection.sources.definitions import Found
from mellum_ls.context.selection.sources.desk import Desk

_MOST_FILES = 24
_MOST_SYMBOLS = 60
_FEW_SYMBOLS = 3
"""A module with no more than these is likely to pass on what others define."""
_STEP = 5
"""So many symbols of a file go before the first of the next."""


def skeletons(question: Question, desk: Desk, found: Found) -> list[Candidate]:
    """Heads of the symbols of the imported files, a few of each file at a time; files that are used near go first."""
    used: dict[str, float] = {}
    for weight, _, definition in found:
        used[definition.path] = used.get(definition.path, 0.0) + weight
    paths = dict.fromkeys(path for path in question.imported_files if path != question.place.path)
    for path in list(paths)[:_MOST_FILES]:
        own = desk.outline(path)
        if sum(not item.container for item in own) <= _FEW_SYMBOLS:
            paths.update(dict.fromkeys(item for item in desk.index.imported_by(path) if item != question.place.path))
    order = {path: row for row, path in enumerate(paths)}
    chosen = sorted(paths, key=lambda path: (-used.get(path, 0.0), order[path]))[:_MOST_FILES]
    ranked: list[tuple[int, int, Candidate]] = []
    for row, path in enumerate(chosen):
        for column, symbol in enumerate(desk.public(path, question.words)[:_MOST_SYMBOLS]):
            ranked.append((_STEP * row + column, row, head_of(symbol, "of a module that this file imports")))
    ranked.sort(key=lambda item: item[:2])
    return [candidate for *_, candidate in ranked]
