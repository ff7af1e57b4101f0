"""From lines of text as they are and as a model has written them anew to the smallest edits that make the difference.

Lines first, then characters. Knows nothing of models and documents.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from mellum_ls.context.edits.types import Span
from mellum_ls.lsp_server.rewriting.spots import behind, shared


@dataclass(frozen=True, slots=True)
class Change:
    """`new` instead of `old`, which stands in `span`."""

    span: Span
    old: str
    new: str


def changes(old: str, new: str, first_line: int = 0, *, apart: int = 1) -> list[Change]:
    r"""What leads from the text `old`, whose first line has the number `first_line`, to `new`; lines end at \n.

    In order; all of them applied to `old` give `new`. Changes with fewer than `apart` lines between them that stay as
    they are become one, which then says more than differs.
    """
    before, after = old.split("\n"), new.split("\n")
    return [
        _trimmed(before, after, (start, end), (new_start, new_end), first_line)
        for start, end, new_start, new_end in _groups(before, after, apart)
    ]


def _groups(before: list[str], after: list[str], apart: int) -> Iterator[tuple[int, int, int, int]]:
    """Ranges of lines that differ, those that are close to each other joined."""
    current: tuple[int, int, int, int] | None = None
    for tag, start, end, new_start, new_end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        if current is not None and start - current[1] < apart:
            current = (current[0], end, current[2], new_end)
            continue
        if current is not None:
            yield current
        current = (start, end, new_start, new_end)
    if current is not None:
        yield current


def _trimmed(
    before: list[str], after: list[str], was: tuple[int, int], becomes: tuple[int, int], first_line: int
) -> Change:
    start, end = was
    old, new, line = "\n".join(before[start:end]), "\n".join(after[slice(*becomes)]), start
    # Lines that come or go take a line end with them: the one behind, or for the last lines the one before.
    if start == end or becomes[0] == becomes[1]:
        if end < len(before):
            old, new = _ended(old, start < end), _ended(new, becomes[0] < becomes[1])
        else:
            line = start - 1
            old = before[line] + ("\n" + old if start < end else "")
            new = before[line] + ("\n" + new if becomes[0] < becomes[1] else "")
    head = shared(old, new)
    tail = shared(old[head:][::-1], new[head:][::-1])
    at = behind((first_line + line, 0), old[:head])
    old, new = old[head : len(old) - tail], new[head : len(new) - tail]
    return Change(Span(*at, *behind(at, old)), old, new)


def _ended(text: str, present: bool) -> str:
    return text + "\n" if present else ""
