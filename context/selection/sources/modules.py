"""Skeletons of the modules that the file imports: what of them may be wanted though no one has typed it yet."""

from __future__ import annotations

from mellum_ls.context.selection.affinity import by_use
from mellum_ls.context.selection.candidates import Candidate, head_of
from mellum_ls.context.selection.question import Question
from mellum_ls.context.selection.sources.definitions import Found
from mellum_ls.context.selection.sources.desk import Desk, family_of
from mellum_ls.context.selection.unfinished import means, unfinished

_MOST_FILES = 24
_MOST_SYMBOLS = 60
_MOST_EXPORTING = 4
_STEP = 5
"""So many symbols of a file go before the first of the next."""


def exports(question: Question, desk: Desk) -> list[Candidate]:
    """Heads of what the module defines from which names are being imported right at the cursor."""
    place = question.place
    statement = unfinished(place.text.split("\n"), place.line, place.column, family_of(place.path, place.language_id))
    if statement is None:
        return []
    files = [path for path in question.imported_files if means(statement.module, path)][:_MOST_EXPORTING]
    files += [path for file in files for path in desk.passed_on(file)][:_MOST_EXPORTING]
    last = statement.names[-1] if statement.names else ""
    found = [
        item
        for path in dict.fromkeys(files)
        for item in by_use(desk.outline(path), question.words, private=True)
        if not item.container and item.name not in statement.names
    ]
    # Such lists are mostly in the order of the alphabet.
    found.sort(key=lambda item: item.name.lower() < last.lower())
    return [head_of(item, "of the module that is imported from here") for item in found]


def skeletons(question: Question, desk: Desk, found: Found) -> list[Candidate]:
    """Heads of the symbols of the imported files, a few of each file at a time; files that are used near go first."""
    used: dict[str, float] = {}
    for weight, _, definition in found:
        used[definition.path] = used.get(definition.path, 0.0) + weight
    paths = dict.fromkeys(path for path in question.imported_files if path != question.place.path)
    for path in list(paths)[:_MOST_FILES]:
        paths.update(dict.fromkeys(item for item in desk.passed_on(path) if item != question.place.path))
    order = {path: row for row, path in enumerate(paths)}
    chosen = sorted(paths, key=lambda path: (-used.get(path, 0.0), order[path]))[:_MOST_FILES]
    ranked: list[tuple[int, int, Candidate]] = []
    for row, path in enumerate(chosen):
        for column, symbol in enumerate(desk.public(path, question.words)[:_MOST_SYMBOLS]):
            ranked.append((_STEP * row + column, row, head_of(symbol, "of a module that this file imports")))
    ranked.sort(key=lambda item: item[:2])
    return [candidate for *_, candidate in ranked]
