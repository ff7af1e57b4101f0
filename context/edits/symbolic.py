"""The edits that the user's last changes ask for, found by rules and proven by the tree: no model, and no guess.

What each kind of change asks for is said by modules of their own; here the latest change comes first, what would take
back or break something is left out, and the rest is ordered by how near it is to the cursor.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from mellum_ls.context.edits.call_sites import call_sites
from mellum_ls.context.edits.desk import Desk, Sources
from mellum_ls.context.edits.history import EditLog
from mellum_ls.context.edits.import_lines import import_lines
from mellum_ls.context.edits.moved_modules import moved_modules
from mellum_ls.context.edits.moved_packages import moved_packages
from mellum_ls.context.edits.overrides import overrides
from mellum_ls.context.edits.placing import Edit, applied, distance, joined, proposal
from mellum_ls.context.edits.plain_names import plain_renames
from mellum_ls.context.edits.renames import renames
from mellum_ls.context.edits.repeats import repeats
from mellum_ls.context.edits.syntax import breaks
from mellum_ls.context.edits.types import Hunk, Proposal
from mellum_ls.context.index.rows import Index

MOST_HUNKS = 8
"""Of the latest ones; what is older has been dealt with, or given up."""
MOST_PROPOSALS = 40
_PROVEN = 6
"""So many of the first ones are parsed again; names for names break nothing and are not."""
_WORDS = re.compile(r"[^\W\d]\w*")
_WEIGHTS = {"rename": 0.9, "call_site": 0.85, "parameter": 0.8, "import": 0.3}


def propose(  # noqa: PLR0913 - the parts of one question, each of another owner
    log: EditLog,
    path: str,
    text: str,
    line: int,
    column: int,
    texts: Mapping[str, str],
    index: Index | None,
    read: Callable[[str], str | None],
    *,
    sources: Sources | None = None,
) -> list[Proposal]:
    """What to edit next, best first, with the cursor at `line` and `column` of the file `path` with this `text`.

    `texts` are the open documents, `read` gives the text of any other file or None. Line ends are `\\n`. `sources`
    keeps trees for the next question. Raises nothing for whatever the texts are.
    """
    hunks = log.hunks(MOST_HUNKS)
    if not hunks:
        return []
    desk = Desk(hunks, {**texts, path: text}, index, read, sources)
    found: list[Edit] = []
    lines: list[Edit] = []
    for hunk in hunks:
        found = [edit for edit in _asked_for(hunk, hunks, desk) if not _goes_back(edit, hunks)]
        lines = lines or [edit for edit in import_lines(hunk, desk) if hunk.path == path]
        if found:
            break
    ranked = _ranked(found, path, line, column, desk)
    proposals = [proposal(edit, _score(edit, path, line)) for edit in _proven(ranked, desk)]
    # An import alone is no next edit for most editors: it comes last, and who shows it decides.
    return proposals + [proposal(edit, 0.3) for edit in lines[:1]]


def _asked_for(hunk: Hunk, hunks: list[Hunk], desk: Desk) -> Iterator[Edit]:
    yield from renames(hunk, desk)
    yield from plain_renames(hunk, desk)
    yield from call_sites(hunk, desk)
    yield from overrides(hunk, desk)
    yield from moved_modules(hunk, desk)
    yield from moved_packages(hunk, desk)
    if hunk is next((one for one in hunks if one.path == hunk.path), None):
        yield from repeats(hunk.path, hunks, desk)


def _goes_back(edit: Edit, hunks: list[Hunk]) -> bool:
    """Whether an edit turns a line of a hunk into what it was, or is made by one already."""
    for hunk in hunks:
        if hunk.path != edit.path or not hunk.start_line <= edit.line < hunk.start_line + len(hunk.new):
            continue
        line = hunk.new[edit.line - hunk.start_line]
        after = line[: edit.column] + edit.new + line[edit.column + len(edit.old) :]
        if edit.old == edit.new or (after in hunk.old and after not in hunk.new):
            return True
    return False


def _ranked(edits: list[Edit], path: str, line: int, column: int, desk: Desk) -> list[Edit]:
    by_path: dict[str, list[Edit]] = {}
    for edit in edits:
        by_path.setdefault(edit.path, []).append(edit)
    order = {name: at for at, name in enumerate(by_path)}
    together = [edit for name, group in by_path.items() for edit in joined(group, desk.text(name) or "")]

    def key(edit: Edit) -> tuple[tuple[int, int], int, int, int]:
        sideways = abs(edit.column - column) if edit.path == path and edit.line == line else edit.column
        return distance(edit, path, line), order[edit.path], edit.line, sideways

    return sorted(dict.fromkeys(together), key=key)


def _proven(edits: list[Edit], desk: Desk) -> Iterator[Edit]:
    """Those that stand where they say and break nothing. Parses for the first few only: the others come up again."""
    parsed = count = 0
    for edit in edits:
        if _swaps_words(edit):
            lines = desk.lines(edit.path)
            if edit.line >= len(lines) or lines[edit.line][edit.column : edit.end_column] != edit.old:
                continue
        else:
            text, source = desk.text(edit.path), desk.source(edit.path)
            after = None if text is None else applied(text, edit)
            parsed += 1
            if parsed > _PROVEN or after is None or source is None or after == text:
                continue
            if breaks(source.tree, source.text, after.encode("utf-8", "replace"), source.grammar):
                continue
        count += 1
        if count > MOST_PROPOSALS:
            return
        yield edit


def _swaps_words(edit: Edit) -> bool:
    """Whether words of one line take the place of words, and nothing else changes."""
    return (
        edit.line == edit.end_line and _WORDS.sub("x", edit.old) == _WORDS.sub("x", edit.new) and edit.old != edit.new
    )


def _score(edit: Edit, path: str, line: int) -> float:
    away, lines = distance(edit, path, line)
    return _WEIGHTS.get(edit.kind, 0.5) - 0.08 * away - min(lines, 1000) * 1e-5
