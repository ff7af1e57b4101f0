"""Which lines of a document an action is about, and may change: whole lines, a symbol's where that is what is meant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mellum_ls.lsp_server.actions.kinds import DOCUMENT, FIX, REFACTOR, Kind

if TYPE_CHECKING:
    from mellum_ls.context.languages.parsed import Parsed
    from mellum_ls.context.languages.symbols import Symbol

MOST_LINES = 200
"""Of a region. A model that copies more makes mistakes, and takes long."""
# What stands for itself; a constant or a heading does not.
_UNITS = ("class", "function", "method", "type", "module")
AROUND = 8
"""Lines above and below a problem that stands in no function, or in one that is too long."""


@dataclass(frozen=True, slots=True)
class Region:
    """The lines `first` to `last`, both part of it, and the name of the symbol that they are, if any."""

    first: int
    last: int
    symbol: str = ""

    @property
    def length(self) -> int:
        """How many lines."""
        return self.last - self.first + 1


def region_of(kind: Kind, first: int, last: int, parsed: Parsed) -> Region | None:
    """The region for an action on the lines first..last; None where it would be none or too long."""
    count = parsed.text.count("\n") + 1
    first, last = min(first, count - 1), min(last, count - 1)
    symbol = next((each for each in reversed(parsed.around(first)) if _fits(each) and each.end_line >= last), None)
    if kind is FIX:
        if symbol is not None and symbol.kind in ("function", "method"):
            return _of(symbol)
        return Region(max(0, first - AROUND), min(count - 1, last + AROUND))
    if kind is DOCUMENT:
        return None if symbol is None else _of(symbol)
    if kind is REFACTOR or first != last:
        return Region(first, last) if last - first < MOST_LINES else None
    return _of(symbol) if symbol is not None else Region(first, last)


def _fits(symbol: Symbol) -> bool:
    return symbol.kind in _UNITS and symbol.end_line - symbol.start_line < MOST_LINES


def _of(symbol: Symbol) -> Region:
    return Region(symbol.start_line, symbol.end_line, symbol.name)
