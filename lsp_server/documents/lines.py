"""The lines of a document as a sequence that never changes: an edit makes a new one, which shares what it left alone.

The lines lie in chunks, so an edit copies one chunk and the list of chunks, not the document. Knows nothing of what a
line is, of cursors or of columns.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, chain
from typing import overload

CHUNK = 512
"""Lines in a chunk of a new document. One that has grown to twice as many is cut."""


class _Chunk:
    """Some lines, and what has been counted in them; shared by every sequence that holds them."""

    __slots__ = ("_chars", "_found", "lines")

    def __init__(self, lines: tuple[str, ...]) -> None:
        self.lines = lines
        self._chars = -1
        self._found: dict[str, int] = {}

    @property
    def chars(self) -> int:
        if self._chars < 0:
            self._chars = sum(map(len, self.lines))
        return self._chars

    def occurrences(self, word: str) -> int:
        count = self._found.get(word)
        if count is None:
            count = self._found[word] = "".join(self.lines).count(word)
        return count


class Lines(Sequence[str]):
    """An immutable sequence of lines. Slices and sums share the chunks that they have whole."""

    __slots__ = ("_chunks", "_ends")

    def __init__(self, lines: Iterable[str] = ()) -> None:
        self._set(_cut(tuple(lines)))

    def _set(self, chunks: Sequence[_Chunk]) -> None:
        self._chunks = chunks
        self._ends = list(accumulate(len(chunk.lines) for chunk in chunks))

    @staticmethod
    def _over(chunks: Sequence[_Chunk]) -> Lines:
        made = Lines.__new__(Lines)
        made._set(chunks)
        return made

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def __iter__(self) -> Iterator[str]:
        return chain.from_iterable(chunk.lines for chunk in self._chunks)

    def __reversed__(self) -> Iterator[str]:
        return chain.from_iterable(reversed(chunk.lines) for chunk in reversed(self._chunks))

    @overload
    def __getitem__(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> Lines: ...

    def __getitem__(self, index: int | slice) -> str | Lines:
        """A line; or, of a slice, its lines, which costs as many steps as they have chunks."""
        if isinstance(index, slice):
            start, stop, step = index.indices(len(self))
            return self._part(start, stop) if step == 1 else Lines(tuple(self)[index])
        if index < 0:
            index += len(self)
        if not 0 <= index < len(self):
            raise IndexError(index)
        number, offset = self._find(index)
        return self._chunks[number].lines[offset]

    def __add__(self, other: Lines) -> Lines:
        return Lines.joined((self, other))

    @staticmethod
    def joined(parts: Iterable[Lines]) -> Lines:
        """The lines of all `parts` in order."""
        return Lines._over([chunk for part in parts for chunk in part._chunks])

    def __eq__(self, other: object) -> bool:
        """Equal to any list, tuple or Lines of the same lines."""
        if isinstance(other, Lines):
            return len(self) == len(other) and _equal(self._chunks, other._chunks)
        if not isinstance(other, tuple | list):
            return NotImplemented
        return len(self) == len(other) and all(mine == theirs for mine, theirs in zip(self, other, strict=True))

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        # Not the lines themselves: a representation may end up in a log.
        return f"<{len(self)} lines>"

    @property
    def chars(self) -> int:
        """Characters in all lines together; each chunk is counted once in its life."""
        return sum(chunk.chars for chunk in self._chunks)

    def occurrences(self, word: str) -> int:
        """How often `word`, which holds no line end, stands in the text; each chunk is searched once in its life."""
        return sum(chunk.occurrences(word) for chunk in self._chunks)

    def replaced(self, start: int, stop: int, lines: Sequence[str]) -> Lines:
        """With `lines` in place of the lines from `start` up to `stop`; both lie between 0 and the length."""
        if not self._chunks:
            return Lines(lines)
        first, head = self._find(start)
        last, tail = self._find(max(start, stop))
        between = (*self._chunks[first].lines[:head], *lines, *self._chunks[last].lines[tail:])
        return Lines._over([*self._chunks[:first], *_cut(between), *self._chunks[last + 1 :]])

    def _part(self, start: int, stop: int) -> Lines:
        if start >= stop:
            return Lines()
        first, head = self._find(start)
        last, tail = self._find(stop - 1)
        if first == last:
            return Lines._over(_cut(self._chunks[first].lines[head : tail + 1]))
        chunks = list(self._chunks[first : last + 1])
        if head:
            chunks[0] = _Chunk(chunks[0].lines[head:])
        if tail + 1 < len(chunks[-1].lines):
            chunks[-1] = _Chunk(chunks[-1].lines[: tail + 1])
        return Lines._over(chunks)

    def _find(self, index: int) -> tuple[int, int]:
        """Chunk of the line `index` and its place in there; the length itself is the place behind the last line."""
        number = min(bisect_right(self._ends, index), len(self._ends) - 1)
        return number, index - (self._ends[number - 1] if number else 0)


def _equal(mine: Sequence[_Chunk], theirs: Sequence[_Chunk]) -> bool:
    """Whether both hold the same lines, of which there are equally many; what they share is not looked at."""
    number = other = offset = shift = 0
    while number < len(mine) and other < len(theirs):
        one, two = mine[number].lines, theirs[other].lines
        size = min(len(one) - offset, len(two) - shift)
        shared = one is two and offset == shift
        if not shared and one[offset : offset + size] != two[shift : shift + size]:
            return False
        offset, shift = offset + size, shift + size
        if offset == len(one):
            number, offset = number + 1, 0
        if shift == len(two):
            other, shift = other + 1, 0
    return True


def _cut(lines: tuple[str, ...]) -> list[_Chunk]:
    """Chunks of `lines`: one where they are few enough, else of CHUNK lines each."""
    if not lines:
        return []
    if len(lines) < 2 * CHUNK:
        return [_Chunk(lines)]
    return [_Chunk(lines[start : start + CHUNK]) for start in range(0, len(lines), CHUNK)]
