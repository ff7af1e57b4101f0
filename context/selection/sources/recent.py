"""Where the user was and what he changed of late: the best guess at what he works on."""

from __future__ import annotations

from mellum_ls.context.selection.candidates import Candidate, head_of, lines_of
from mellum_ls.context.selection.question import Question
from mellum_ls.context.selection.sources.desk import Desk

_AROUND_EDIT, _AROUND_VISIT = 6, 16
_MOST_EDITS, _MOST_VISITS, _MOST_OPENED = 8, 6, 6
_MOST_SYMBOLS = 24


def places(question: Question, desk: Desk) -> list[Candidate]:
    """Lines around the latest edits and then around the latest visits, of other files."""
    own, recent = question.place.path, desk.recent
    edits = [edit for edit in recent.edits if edit.path != own][:_MOST_EDITS]
    visits = [visit for visit in recent.visits if visit.path != own][:_MOST_VISITS]
    return [
        lines_of(edit.path, edit.start_line - _AROUND_EDIT, edit.end_line + _AROUND_EDIT, "edited of late")
        for edit in edits
    ] + [
        lines_of(visit.path, visit.line - _AROUND_VISIT, visit.line + _AROUND_VISIT, "visited of late")
        for visit in visits
    ]


def opened(question: Question, desk: Desk) -> list[Candidate]:
    """Heads of the symbols of files that were opened or edited of late."""
    recent = desk.recent
    paths = dict.fromkeys((*(edit.path for edit in recent.edits), *recent.opened, *desk.texts.open_paths))
    paths.pop(question.place.path, None)
    ranked: list[tuple[int, int, Candidate]] = []
    for row, path in enumerate(list(paths)[:_MOST_OPENED]):
        for column, symbol in enumerate(desk.public(path, question.words)[:_MOST_SYMBOLS]):
            ranked.append((4 * row + column, row, head_of(symbol, "of a file that was opened of late")))
    ranked.sort(key=lambda item: item[:2])
    return [candidate for *_, candidate in ranked]
