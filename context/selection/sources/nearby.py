"""Files that belong to the file at hand: its folder, its tests or what it tests, what changes together with it."""

from __future__ import annotations

from mellum_ls.context.selection.affinity import affinity
from mellum_ls.context.selection.candidates import Candidate, head_of
from mellum_ls.context.selection.question import Question
from mellum_ls.context.selection.sources.desk import Desk, family_of, folder_of

_MOST_NEIGHBOURS, _MOST_COUNTERPARTS, _MOST_COCHANGED = 10, 3, 6
_MOST_SYMBOLS = 40
_MOST_LISTED = 400
"""Of a folder with more files only so many are looked at."""


def neighbours(question: Question, desk: Desk) -> list[Candidate]:
    """Heads of the symbols of files in the same folder and language, the files first whose names are spoken of."""
    own = question.place.path
    family = family_of(own, question.place.language_id)
    files = [
        path for path in desk.index.files_in(folder_of(own))[:_MOST_LISTED] if path != own and family_of(path) == family
    ]
    files.sort(key=lambda path: (-affinity(_stem(path), question.words), path))
    return _heads(files[:_MOST_NEIGHBOURS], question, desk, "of a file in the same folder")


def counterparts(question: Question, desk: Desk) -> list[Candidate]:
    """Heads of the symbols of what the file tests, or of the tests of it, or of its header."""
    files = [path for path in desk.counterparts(question.place.path) if path != question.place.path]
    return _heads(files[:_MOST_COUNTERPARTS], question, desk, "of the counterpart of this file")


def cochanged(question: Question, desk: Desk) -> list[Candidate]:
    """Heads of the symbols of files that changed in the same commits."""
    files = [path for path, count in desk.index.cochanged(question.place.path, _MOST_COCHANGED) if count > 1]
    return _heads(files, question, desk, "of a file that often changes together with this one")


def _heads(files: list[str], question: Question, desk: Desk, reason: str) -> list[Candidate]:
    ranked: list[tuple[int, int, Candidate]] = []
    for row, path in enumerate(files):
        for column, symbol in enumerate(desk.public(path, question.words)[:_MOST_SYMBOLS]):
            ranked.append((4 * row + column, row, head_of(symbol, reason)))
    ranked.sort(key=lambda item: item[:2])
    return [candidate for *_, candidate in ranked]


def _stem(path: str) -> str:
    return path.rpartition("/")[2].partition(".")[0]
