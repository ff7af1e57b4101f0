"""Ids of a text that changes little between calls: equal to those of the whole text, at the cost of the change.

Knows texts and ids; where a text may be cut is decided in boundaries.py.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator

from mellum_ls.runtime.boundaries import places
from mellum_ls.runtime.tokenizer import Tokenizer

# Least characters of a new block, save where what changed is shorter. A block is cut when it has more than four times
# as many, so a keystroke encodes eight times as many at most; smaller blocks cost more to keep than they spare.
BLOCK_CHARS = 100
# Characters on each side of a place that decide whether it is chosen.
_AROUND = 4


class IncrementalEncoder:
    """Encodes the successive states of one text; keep one for each place whose text grows and shrinks.

    The last text is kept as blocks between safe places. Of a new text only what lies between the first and the last
    change is cut into blocks again, and of those only the ones that were not there before are encoded: how many
    characters that were is in `encoded_chars`. A tokenizer without safe places encodes the whole text whenever it
    changed. Not for several threads at once.
    """

    def __init__(self, tokenizer: Tokenizer, block_chars: int = BLOCK_CHARS) -> None:
        self._tokenizer = tokenizer
        self._block_chars = block_chars
        self._text = ""
        self._ids: list[int] = []
        # Block i is text[starts[i] : starts[i + 1]] and ids[id_starts[i] : id_starts[i + 1]]; both lists have the end.
        self._starts, self._id_starts = [0], [0]
        # One object for each id: copying a list of a hundred thousand then touches a few thousand objects.
        self._objects: dict[int, int] = {}
        self.encoded_chars = 0
        """Characters that the last call gave to the tokenizer."""

    def encode(self, text: str) -> list[int]:
        """The ids of `tokenizer.encode(text)`.

        The list is the caller's to keep, not to change: later calls leave it as it is, and for the same text they
        return it again.
        """
        self.encoded_chars = 0
        if text == self._text:
            return self._ids
        if self._tokenizer.obstacle is not None:
            self._ids, self.encoded_chars = self._tokenizer.encode(text), len(text)
        else:
            self._splice(text, *changed(self._text, text))
        self._text = text
        return self._ids

    def _splice(self, text: str, start: int, old_end: int, new_end: int) -> None:
        """Encode the blocks of which [start, old_end) of the last text became [start, new_end) of this one."""
        starts, id_starts = self._starts, self._id_starts
        # A boundary stays one while the characters on both of its sides do.
        first = max(0, bisect_left(starts, start, 1) - 1)
        last = min(len(starts) - 1, bisect_right(starts, old_end, first + 1))
        grown = new_end - old_end
        known = self._blocks(first, last)
        ids: list[int] = []
        new_starts: list[int] = []
        new_id_starts: list[int] = []
        for begin, end in _cut(text, starts[first], starts[last] + grown, self._block_chars):
            new_starts.append(begin)
            new_id_starts.append(id_starts[first] + len(ids))
            block = text[begin:end]
            ids += known[block] if block in known else self._encode_block(block)
        ids_grown = id_starts[first] + len(ids) - id_starts[last]
        # A copy: whoever was given the last list still holds it.
        self._ids = self._ids.copy()
        self._ids[id_starts[first] : id_starts[last]] = ids
        self._starts = [*starts[:first], *new_starts, *(place + grown for place in starts[last:])]
        self._id_starts = [*id_starts[:first], *new_id_starts, *(place + ids_grown for place in id_starts[last:])]

    def _blocks(self, first: int, last: int) -> dict[str, list[int]]:
        """Texts and ids of these blocks of the last text. Two far apart changes leave most of them as they were."""
        return {
            self._text[self._starts[index] : self._starts[index + 1]]: self._ids[
                self._id_starts[index] : self._id_starts[index + 1]
            ]
            for index in range(first, last)
        }

    def _encode_block(self, block: str) -> list[int]:
        self.encoded_chars += len(block)
        return [self._objects.setdefault(number, number) for number in self._tokenizer.encode(block)]


def _cut(text: str, begin: int, end: int, least: int) -> Iterator[tuple[int, int]]:
    """Begin and end of each block of text[begin:end], in order; none if there is nothing between.

    Which of the safe places ends a block is decided by what stands around it. So the blocks behind a change, which
    start elsewhere than those of the last text, are soon the same again.
    """
    while end - begin > 4 * least:
        near = max(places(text, begin + least, begin + 3 * least), key=_around(text), default=None)
        place = next(places(text, begin + 3 * least, end - least), None) if near is None else near
        if place is None:
            break
        yield begin, place
        begin = place
    if begin < end:
        yield begin, end


def _around(text: str) -> Callable[[int], str]:
    return lambda place: text[max(0, place - _AROUND) : place + _AROUND]


def changed(old: str, new: str) -> tuple[int, int, int]:
    """(start, old end, new end): new is old with [start, old end) replaced by [start, new end) of the new text.

    What stays is as long as it can be at the beginning, then at the end.
    """
    shorter = min(len(old), len(new))
    start = _common_beginning(old, new, shorter)
    same = _common_end(old, new, shorter - start)
    return start, len(old) - same, len(new) - same


def _common_beginning(old: str, new: str, limit: int) -> int:
    """Characters that both texts begin with, at most `limit`; halving compares memory instead of characters."""
    known, bound = 0, limit
    while known < bound:
        middle = (known + bound + 1) // 2
        if new.startswith(old[known:middle], known):
            known = middle
        else:
            bound = middle - 1
    return known


def _common_end(old: str, new: str, limit: int) -> int:
    """Characters that both texts end with, at most `limit`."""
    known, bound = 0, limit
    while known < bound:
        middle = (known + bound + 1) // 2
        if new.endswith(old[len(old) - middle : len(old) - known], 0, len(new) - known):
            known = middle
        else:
            bound = middle - 1
    return known
