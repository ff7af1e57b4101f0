"""A document whose places are UTF-16 offsets, as editors record them, and its changes as LSP tells them.

Knows texts only. What a line is, is the protocol's: it ends at \\n, \\r\\n or \\r.
"""

from __future__ import annotations

import array
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
_CODEC = "utf-16-le" if sys.byteorder == "little" else "utf-16-be"


class OutsideText(ValueError):
    """An edit lies outside of the text, ends before it starts or overlaps another."""


@dataclass(frozen=True, slots=True)
class Replacement:
    """`text` in place of `start`..`end`: UTF-16 offsets into the text before the edit, `end` excluded."""

    start: int
    end: int
    text: str


class Utf16Text:
    """Text that changes. Held as one character for each UTF-16 unit, so that an offset is an index."""

    def __init__(self, text: str) -> None:
        self._units = _split(text)

    def __len__(self) -> int:
        return len(self._units)

    @property
    def text(self) -> str:
        """The whole text."""
        return _join(self._units)

    def place(self, offset: int) -> Json:
        """The LSP position of an offset; one inside a line end or a surrogate pair is taken before it."""
        head = self._units[: self._whole(offset, forward=False)]
        line = head.count("\n") + head.count("\r") - head.count("\r\n")
        start = max(head.rfind("\n"), head.rfind("\r")) + 1
        return {"line": line, "character": len(head) - start}

    def edit(self, replacements: Sequence[Replacement]) -> list[Json]:
        """Make all replacements; the content changes that make them one after another.

        Raises OutsideText, and nothing has changed then.
        """
        ordered = sorted(replacements, key=lambda one: (one.start, one.end))
        reached = 0
        for one in ordered:
            if not reached <= one.start <= one.end <= len(self):
                raise OutsideText(f"{one.start} to {one.end} in a text of {len(self)} UTF-16 units")
            reached = one.end
        # From the last to the first: those before it keep their places.
        return [self._replace(one) for one in reversed(ordered)]

    def reset(self, text: str) -> list[Json]:
        """Put another text in place of the whole one; the content change."""
        self._units = _split(text)
        return [{"text": text}]

    def _replace(self, one: Replacement) -> Json:
        # A position cannot lie inside a line end or a surrogate pair: what is around it is said again.
        start, end = self._whole(one.start, forward=False), self._whole(one.end, forward=True)
        units = self._units[start : one.start] + _split(one.text) + self._units[one.end : end]
        span = {"start": self.place(start), "end": self.place(end)}
        self._units = self._units[:start] + units + self._units[end:]
        return {"range": span, "text": _join(units)}

    def _whole(self, offset: int, *, forward: bool) -> int:
        before, after = self._units[offset - 1 : offset], self._units[offset : offset + 1]
        in_pair = "\ud800" <= before <= "\udbff" and "\udc00" <= after <= "\udfff"
        if in_pair or (before, after) == ("\r", "\n"):
            return offset + 1 if forward else offset - 1
        return offset


def _split(text: str) -> str:
    if text.isascii() or max(text) <= "\uffff":
        return text
    return "".join(map(chr, array.array("H", text.encode(_CODEC, "surrogatepass"))))


def _join(units: str) -> str:
    if units.isascii():
        return units
    return units.encode(_CODEC, "surrogatepass").decode(_CODEC, "surrogatepass")
