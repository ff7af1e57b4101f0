"""Which text around the cursor a model sees, cut so that typing moves the cuts rarely and in big steps.

A cut that stays where it is lets the model reuse its work for everything behind it. Knows no tokens, only characters.
"""

from __future__ import annotations

from collections.abc import Sequence

LINE_STEP = 64
"""The start of the prefix moves by this many lines at a time."""
SUFFIX_STEP = 16
"""The end of the suffix moves by this many lines at a time, counted from the end of the document."""
_CHAR_STEP = 1024


def prefix_window(above: Sequence[str], before: str, least_lines: int, most_chars: int) -> str:
    """The end of `above` (lines with their ends) and then `before`, at most `most_chars` characters.

    Starts at a multiple of LINE_STEP lines; only where less than LINE_STEP lines are over the limit is it cut inside
    a line, at a multiple of a smaller number of characters from there.
    """
    first = max(0, len(above) - least_lines) // LINE_STEP * LINE_STEP
    size = sum(map(len, above[first:])) + len(before)
    while size > most_chars and first + LINE_STEP <= len(above):
        size -= sum(map(len, above[first : first + LINE_STEP]))
        first += LINE_STEP
    text = "".join(above[first:]) + before
    if size <= most_chars:
        return text
    step = max(1, min(_CHAR_STEP, most_chars // 2))
    return text[-(-(size - most_chars) // step) * step :]


def suffix_window(after: str, below: Sequence[str], most_chars: int) -> str:
    """`after` (the rest of the line with its end) and the beginning of `below`, at most `most_chars` characters.

    All of `below` when it fits; otherwise it ends where a multiple of SUFFIX_STEP lines is left in the document, or
    inside a line when not even that much fits.
    """
    count, size = 0, len(after)
    for line in below:
        size += len(line)
        if size > most_chars:
            break
        count += 1
    if count < len(below):
        anchored = len(below) - -(-(len(below) - count) // SUFFIX_STEP) * SUFFIX_STEP
        if anchored <= 0:
            return (after + "".join(below[: count + 1]))[:most_chars]
        count = anchored
    return (after + "".join(below[:count]))[:most_chars]


def model_text(text: str) -> str:
    """`text` as models and wires can take it: \\n line ends, and a question mark for each lone surrogate."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text
