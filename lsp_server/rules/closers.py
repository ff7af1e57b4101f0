"""Closers behind the cursor that a suggestion writes itself: those that an editor puts in with their opener.

The model is not shown them (see `model_rest`), so a suggestion may write them and go on. Pure functions on text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from mellum_ls.lsp_server.rules.shape import is_closers

_PAIRS = {")": "(", "]": "[", "}": "{", ">": "<"}
_OPENERS = frozenset(_PAIRS.values())
_ANGLE = re.compile("[<>]")
_COMPARISON = re.compile(r"(?<=[\s<])<|<(?=[\s=<-]|$)|(?<=[\s=-])>|>(?==)")
_QUOTES = frozenset("\"'`")
_SEPARATORS = frozenset(",;:")


def model_rest(after: str) -> str:
    """What of the rest of the cursor's line the model sees: all of it, or nothing where it holds only closers.

    With every opener and every closer that is typed an editor puts such a rest in or takes it out again; were it part
    of the text behind the cursor, the model would have to read all of what follows anew at each of these keys.
    """
    return "" if is_closers(after) else after


def written_closers(before: str, text: str, after: str) -> int:
    """How many characters of `after` are closers that `text`, put between `before` and `after`, writes too.

    Counts only where `text` goes on behind them or has several lines: then they are replaced by its own. A suggestion
    that merely ends with closers can be shown without them. A closer for something that `text` opened is its own.
    """
    taken, end = 0, 0
    # Where none is open, an angle is a comparison.
    brackets = _with_angles(text) if ">" in after and "<" in before else _ANGLE.sub(" ", text)
    for closer, behind in _closed_by(before, brackets):
        at = _next(after, taken)
        if not after.startswith(closer, at):
            break
        taken, end = at + len(closer), behind
    if not taken:
        return 0
    rest, newline, _ = text[end:].partition("\n")
    rest = rest.rstrip()
    # `):` behind the cursor and `) -> int:` in the text: the separator at its line's end is the one that is there.
    while rest and (at := _next(after, taken)) < len(after) and after[at] in _SEPARATORS and after[at] == rest[-1]:
        taken, rest = at + 1, rest[:-1].rstrip()
    return taken if rest or newline or "\n" in text[:end] else 0


def _next(text: str, start: int) -> int:
    """Index of the first character from `start` on that is not blank."""
    return len(text) - len(text[start:].lstrip())


def _closed_by(before: str, text: str) -> Iterator[tuple[str, int]]:
    """The brackets and quotes that `text` closes without having opened them, each with the index behind it."""
    quote = _open_quote(before)
    outside, opened = quote != "", list[str]()
    at = 0
    while at < len(text):
        character = text[at]
        if quote:
            if character == "\\":
                at += 1
            elif text.startswith(quote, at):
                at += len(quote) - 1
                if outside:
                    yield quote, at + 1
                quote, outside = "", False
            elif character == "\n" and len(quote) == 1 and quote != "`":
                quote, outside = "", False
        elif character in _QUOTES:
            quote = _quote_at(text, at)
            at += len(quote) - 1
        elif character in _OPENERS:
            opened.append(character)
        elif character in _PAIRS:
            if not opened:
                yield character, at + 1
            elif opened.pop() != _PAIRS[character]:
                return
        at += 1


def _with_angles(text: str) -> str:
    """`text` with blanks for those of < and > that blanks or signs beside them make comparisons or arrows."""
    return _COMPARISON.sub(" ", text)


def _open_quote(line: str) -> str:
    """The quote in which `line` ends, empty when it ends in none."""
    quote = ""
    at = 0
    while at < len(line):
        if quote and line[at] == "\\":
            at += 1
        elif quote and line.startswith(quote, at):
            at += len(quote) - 1
            quote = ""
        elif not quote and line[at] in _QUOTES:
            quote = _quote_at(line, at)
            at += len(quote) - 1
        at += 1
    return quote


def _quote_at(text: str, at: int) -> str:
    """The quote that starts at `at`: three characters or one. An empty string's two are one and its end."""
    return text[at] * 3 if text.startswith(text[at] * 3, at) else text[at]
