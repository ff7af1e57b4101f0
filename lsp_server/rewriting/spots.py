"""Places in texts by line and string index, and what stands between two of them.

Texts end their lines at \\n, except where said otherwise. Knows no documents and no UTF-16.
"""

from __future__ import annotations

from mellum_ls.context.edits.types import Span
from mellum_ls.lsp_server.documents.store import split_lines

Spot = tuple[int, int]
"""Line and string index in it."""


def start_of(span: Span) -> Spot:
    """Where the span begins."""
    return span.start_line, span.start_column


def end_of(span: Span) -> Spot:
    """The place behind the span."""
    return span.end_line, span.end_column


def behind(spot: Spot, text: str) -> Spot:
    """Where a text ends that begins at `spot`; its lines may have any line ends."""
    lines = split_lines(text)
    return spot[0] + len(lines) - 1, len(lines[-1]) + (spot[1] if len(lines) == 1 else 0)


def offset_in(text: str, spot: Spot, start: Spot = (0, 0)) -> int | None:
    """String index of `spot` in `text`, which begins at `start`; None where there is no such place in it."""
    line, column = spot[0] - start[0], spot[1] - (start[1] if spot[0] == start[0] else 0)
    if line < 0 or column < 0:
        return None
    index = 0
    for _ in range(line):
        index = text.find("\n", index) + 1
        if not index:
            return None
    end = text.find("\n", index)
    return index + column if column <= (len(text) if end < 0 else end) - index else None


def text_in(text: str, span: Span) -> str | None:
    """What stands in `span` of `text`; None where the span lies outside."""
    start, end = offset_in(text, start_of(span)), offset_in(text, end_of(span))
    return text[start:end] if start is not None and end is not None and start <= end else None


def with_replaced(text: str, span: Span, new: str) -> str:
    """`text` with `new` in `span`, which lies in it. Raises ValueError where it does not."""
    start, end = offset_in(text, start_of(span)), offset_in(text, end_of(span))
    if start is None or end is None or start > end:
        raise ValueError("the span lies outside the text")
    return text[:start] + new + text[end:]


def shared(one: str, other: str) -> int:
    """How many characters both begin with."""
    pairs = zip(one, other, strict=False)
    return next((count for count, (mine, theirs) in enumerate(pairs) if mine != theirs), min(len(one), len(other)))
