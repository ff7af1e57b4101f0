"""Chooses the middle of a fill-in-the-middle example: where the cursor might have been and what was typed next.

Works on plain text by lines, indentation and brackets, so that a file which does not parse serves as well.
Kinds follow JetBrains' recipe for Mellum (arXiv 2510.05788): line rests, whole lines, blocks, arguments, random spans.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

MAX_MIDDLE_CHARS = 700
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_IDENTIFIER = re.compile(r"[A-Za-z_]\w{2,}")


@dataclass(frozen=True, slots=True)
class Span:
    """Half-open range of character offsets [start, end) and the kind of middle it is."""

    start: int
    end: int
    kind: str


# How often each kind is asked for; a kind that finds nothing falls back to the rest of a line.
KINDS = {"line_rest": 0.40, "lines": 0.15, "block": 0.15, "arguments": 0.12, "random": 0.18}


def choose_span(text: str, rng: random.Random, near: int | None = None) -> Span | None:
    """Pick a middle in `text`, on the line that holds offset `near` where given; None where no line serves."""
    kind = rng.choices(list(KINDS), weights=list(KINDS.values()))[0]
    line = _line_at(text, near) if near is not None else _random_line(text, rng)
    if line is None:
        return None
    start, end = line
    found: Span | None = None
    if kind == "lines":
        found = _whole_lines(text, start, rng)
    elif kind == "block":
        found = _block(text, start, rng)
    elif kind == "arguments":
        found = _arguments(text, start, end, rng)
    elif kind == "random":
        found = _random(text, start, rng)
    return found or rest_of_line(text, start, end, rng)


def rest_of_line(text: str, start: int, end: int, rng: random.Random) -> Span:
    """The rest of the line [start, end) from its first character, a word boundary, inside a word, or anywhere."""
    first = start + _indent(text, start)
    roll = rng.random()
    cut = first
    if roll > 0.30:
        words = [m.span() for m in _IDENTIFIER.finditer(text, first, end)]
        if roll < 0.60 and words:
            cut = rng.choice(rng.choice(words))
        elif roll < 0.82 and words:
            word = rng.choice(words)
            cut = rng.randrange(word[0] + 1, word[1])
        else:
            cut = rng.randrange(first, end)
    return Span(min(cut, end - 1), end, "line_rest")


def _random_line(text: str, rng: random.Random) -> tuple[int, int] | None:
    for _ in range(8):
        line = _line_at(text, rng.randrange(len(text)))
        if line is not None:
            return line
    return None


def _line_at(text: str, offset: int) -> tuple[int, int] | None:
    start = text.rfind("\n", 0, offset) + 1
    end = text.find("\n", start)
    end = len(text) if end < 0 else end
    return (start, end) if text[start:end].strip() else None


def _indent(text: str, start: int) -> int:
    position = start
    while position < len(text) and text[position] in " \t":
        position += 1
    return position - start


def _line_end(text: str, start: int) -> int:
    end = text.find("\n", start)
    return len(text) if end < 0 else end


def _whole_lines(text: str, start: int, rng: random.Random) -> Span | None:
    end = _line_end(text, start)
    for _ in range(rng.randrange(4)):
        following = _line_end(text, end + 1)
        if end >= len(text) or following - start > MAX_MIDDLE_CHARS:
            break
        end = following
    first = start + _indent(text, start)
    return Span(first, end, "lines") if end > first else None


def _block(text: str, start: int, rng: random.Random) -> Span | None:
    """The indented body behind the next line that opens one, from its first line or from the opener's end."""
    opener_end = _line_end(text, start)
    opener = start
    for _ in range(12):
        if text[opener:opener_end].rstrip().endswith(":"):
            break
        opener, opener_end = opener_end + 1, _line_end(text, opener_end + 1)
        if opener >= len(text):
            return None
    else:
        return None
    outer, position, end = _indent(text, opener), opener_end + 1, opener_end
    while position < len(text):
        line_end = _line_end(text, position)
        if text[position:line_end].strip():
            if _indent(text, position) <= outer:
                break
            end = line_end
        position = line_end + 1
    first = opener_end + 1 + _indent(text, opener_end + 1)
    begin = opener_end if rng.random() < 0.5 else first
    return Span(begin, end, "block") if first < end and end - begin <= MAX_MIDDLE_CHARS else None


def _arguments(text: str, start: int, end: int, rng: random.Random) -> Span | None:
    """What stands between a bracket opened on this line and its partner, sometimes from its middle on."""
    openings = [i for i in range(start, end) if text[i] in _CLOSING and i + 1 < len(text)]
    if not openings:
        return None
    opening = rng.choice(openings)
    depth, wanted = 0, _CLOSING[text[opening]]
    for i in range(opening, min(len(text), opening + MAX_MIDDLE_CHARS)):
        if text[i] == text[opening]:
            depth += 1
        elif text[i] == wanted:
            depth -= 1
            if depth == 0:
                begin = opening + 1 if rng.random() < 0.7 or i <= opening + 2 else rng.randrange(opening + 1, i)
                return Span(begin, i, "arguments") if i > begin else None
    return None


def _random(text: str, start: int, rng: random.Random) -> Span | None:
    begin = rng.randrange(start, _line_end(text, start) + 1)
    length = int(rng.expovariate(1 / 120)) + 1
    end = min(len(text), begin + min(length, MAX_MIDDLE_CHARS))
    return Span(begin, end, "random") if end > begin else None
