"""Ids of a text that changes little between calls: equal to those of the whole text, at the cost of the change.

Knows texts and ids; where a text may be cut is decided in boundaries.py.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from itertools import pairwise

from mellum_ls.runtime.boundaries import places
from mellum_ls.runtime.edited_text import Edit, EditedText
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
        self._last = EditedText()
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
        if text == self._last.text:
            return self._ids
        if self._tokenizer.obstacle is not None:
            self._ids, self.encoded_chars = self._tokenizer.encode(text), len(text)
            self._last = EditedText(text)
        else:
            following, edit = self._last.edited(text)
            self._splice(text, edit)
            self._last = following
        return self._ids

    def _splice(self, text: str, edit: Edit) -> None:
        """Encode the blocks that the edit touches."""
        starts, id_starts = self._starts, self._id_starts
        # A boundary stays one while the characters on both of its sides do.
        first = max(0, bisect_left(starts, edit.start, 1) - 1)
        last = min(len(starts) - 1, bisect_right(starts, edit.old_end, first + 1))
        grown = edit.new_end - edit.old_end
        old = [self._last.text[starts[index] : starts[index + 1]] for index in range(first, last)]
        numbers = {block: number for number, block in enumerate(old, first)}
        ids: list[int] = []
        new_starts: list[int] = []
        new_id_starts: list[int] = []
        for begin, end in _cut(text, starts[first], starts[last] + grown, self._block_chars, old):
            new_starts.append(begin)
            new_id_starts.append(id_starts[first] + len(ids))
            block = text[begin:end]
            number = numbers.get(block)
            ids += self._encode_block(block) if number is None else self._ids[id_starts[number] : id_starts[number + 1]]
        ids_grown = id_starts[first] + len(ids) - id_starts[last]
        # A copy: whoever was given the last list still holds it.
        self._ids = self._ids.copy()
        self._ids[id_starts[first] : id_starts[last]] = ids
        self._starts = [*starts[:first], *new_starts, *(place + grown for place in starts[last:])]
        self._id_starts = [*id_starts[:first], *new_id_starts, *(place + ids_grown for place in id_starts[last:])]

    def _encode_block(self, block: str) -> list[int]:
        self.encoded_chars += len(block)
        return [self._objects.setdefault(number, number) for number in self._tokenizer.encode(block)]


def _cut(text: str, begin: int, end: int, least: int, old: list[str]) -> Iterator[tuple[int, int]]:
    """Begin and end of each block of text[begin:end], in order; none if there is nothing between.

    Which of the safe places ends a block is decided by what stands around it. So the blocks behind a change, which
    start elsewhere than the `old` ones, are soon the same again, and from there on follow them without a search.
    """
    following = dict(pairwise(old))
    block: str | None = None
    while begin < end:
        block = following.get(block) if block is not None else None
        if block is None or not _stands_at(text, block, begin, end):
            block = text[begin : _end_of_block(text, begin, end, least)]
        yield begin, begin + len(block)
        begin += len(block)


def _stands_at(text: str, block: str, begin: int, end: int) -> bool:
    """Whether the block is in text[begin:end] at its begin, and ends at a safe place."""
    place = begin + len(block)
    return place <= end and text.startswith(block, begin) and (place == end or place in places(text, place, place + 1))


def _end_of_block(text: str, begin: int, end: int, least: int) -> int:
    if end - begin <= 4 * least:
        return end

    def around(place: int) -> str:
        return text[max(0, place - _AROUND) : place + _AROUND]

    near = max(places(text, begin + least, begin + 3 * least), key=around, default=None)
    return next(places(text, begin + 3 * least, end - least), end) if near is None else near
