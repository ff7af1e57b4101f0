"""Where a file is cut into chunks: at the starts of symbols, else at blank lines. Knows line numbers only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate

from mellum_ls.context.languages.symbols import Symbol

FEWEST_LINES = 32
MOST_LINES = 64
SHORT_TAIL = 12
"""Lines; a rest that is shorter makes a poor chunk, and another place to cut is taken where there is one."""
_NO_SYMBOL = 99
"""The depth of a line on which no symbol begins."""


def chunks(lines: Sequence[str], symbols: Iterable[Symbol] = ()) -> list[tuple[int, int]]:
    """(start, end) of the chunks of a file, the end excluded: together every line, each once, in order.

    Each has 32 to 64 lines, the last one 1 to 64. No cut falls into a symbol of up to 32 lines, and none into one of up
    to 64 where that can be helped.
    """
    total = len(lines)
    costs = _Costs(lines, symbols)
    found = []
    start = 0
    while total - start > MOST_LINES:
        cut = costs.best(start + FEWEST_LINES, start + MOST_LINES, total)
        found.append((start, cut))
        start = cut
    if start < total:
        found.append((start, total))
    return found


class _Costs:
    """How bad a cut before each line is; less is better."""

    def __init__(self, lines: Sequence[str], symbols: Iterable[Symbol]) -> None:
        self._lines = lines
        count = len(lines) + 1
        self._inside_short = [0] * (count + 1)
        self._inside_longer = [0] * (count + 1)
        self._depth: dict[int, int] = {}
        for symbol in symbols:
            # A symbol that lies outside of the text would be an outline of another text: what fits of it is used.
            first, last = max(symbol.start_line, 0), min(symbol.end_line, len(lines) - 1)
            if last < first:
                continue
            depth = symbol.container.count(".") + 1 if symbol.container else 0
            self._depth[first] = min(depth, self._depth.get(first, depth))
            length = last - first + 1
            if length <= MOST_LINES:
                inside = self._inside_short if length <= FEWEST_LINES else self._inside_longer
                inside[first + 1] += 1
                inside[last + 1] -= 1
        self._inside_short = list(accumulate(self._inside_short))
        self._inside_longer = list(accumulate(self._inside_longer))

    def best(self, first: int, last: int, total: int) -> int:
        """The line from `first` to `last` before which to cut: one reason after the other, the weightiest first."""
        places = _least(range(first, last + 1), self._inside_short[first : last + 1])
        places = [place for place in places if total - place >= SHORT_TAIL] or places
        places = _least(places, [self._inside_longer[place] for place in places])
        places = _least(places, [self._depth.get(place, _NO_SYMBOL) for place in places])
        places = [place for place in places if not self._lines[place - 1].strip()] or places
        return places[-1]


def _least(places: Sequence[int], costs: Sequence[int]) -> list[int]:
    least = min(costs)
    return [place for place, mine in zip(places, costs, strict=True) if mine == least]
