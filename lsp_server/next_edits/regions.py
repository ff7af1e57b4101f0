"""Which lines a model may write anew: those around the cursor, then the nearest ones that use what was just changed.

Knows one text with its symbols, and what was changed; neither models nor documents.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from mellum_ls.context.edits.types import Hunk

if TYPE_CHECKING:
    from mellum_ls.context.languages.parsed import Parsed

LINES_ABOVE, LINES_BELOW = 3, 8
"""Around the cursor, where it stands in no function, or in one of more than MOST_LINES."""
MOST_LINES = 30
MOST_REGIONS = 2
Region = tuple[int, int]
"""First and last line, both part of it."""
_NAME = re.compile(r"[^\W\d]\w+")


def regions(text: Parsed, line: int, hunks: Sequence[Hunk], path: str) -> list[Region]:
    """The regions of the file `path` for a cursor at `line`, the likeliest first, apart from each other.

    `hunks` are the user's changes, the latest first. None has a blank line at its ends; a blank text has none.
    """
    lines = text.text.split("\n")
    found = [_around(text, lines, min(line, len(lines) - 1))]
    names = changed_names(hunks[:1], text, path)
    mentions = [at for at, said in enumerate(lines) if names.intersection(_NAME.findall(said))]
    for at in sorted(mentions, key=lambda at: (abs(at - line), at < line)):
        other = _around(text, lines, at)
        if all(other[1] < first or other[0] > last for first, last in found):
            found.append(other)
        if len(found) == MOST_REGIONS:
            break
    return [region for region in found if any(said.strip() for said in lines[region[0] : region[1] + 1])]


def changed_names(hunks: Sequence[Hunk], text: Parsed, path: str) -> frozenset[str]:
    """Names that the changes took away or brought, and those of the symbols of `path` whose first lines they touch."""
    names: set[str] = set()
    for hunk in hunks:
        names |= _names(hunk.old) ^ _names(hunk.new)
        if hunk.path == path:
            lines = range(hunk.start_line, hunk.start_line + len(hunk.new))
            names.update(symbol.name for symbol in text.symbols if symbol.name_line in lines)
    return frozenset(names)


def _names(lines: Collection[str]) -> set[str]:
    return set(_NAME.findall("\n".join(lines)))


def _around(text: Parsed, lines: Sequence[str], line: int) -> Region:
    whole = [
        symbol
        for symbol in text.around(line)
        if symbol.kind in ("function", "method") and symbol.end_line - symbol.start_line < MOST_LINES
    ]
    if whole:
        return _trimmed(lines, whole[0].start_line, whole[0].end_line, line)
    return _trimmed(lines, max(0, line - LINES_ABOVE), min(len(lines) - 1, line + LINES_BELOW), line)


def _trimmed(lines: Sequence[str], first: int, last: int, line: int) -> Region:
    while first < line and not lines[first].strip():
        first += 1
    while last > line and not lines[last].strip():
        last -= 1
    return first, last
