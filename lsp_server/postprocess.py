"""From what a model wrote to what is worth showing: pure functions on text, one rule each, applied by `finish`.

Those of `finish` hold for a text that still grows, `balance` only for one that is over.

Knows nothing of documents, protocols or models; all text here has \\n line ends until the last rule.
"""

from __future__ import annotations

from dataclasses import dataclass

from mellum_ls.lsp_server.shape import is_closers, opens_block
from mellum_ls.runtime.balance import settle

_MAX_CHARS = 4_000


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The text about the cursor that the rules need, with \\n line ends."""

    before: str
    """The cursor's line up to the cursor."""
    after: str
    """The cursor's line from the cursor on."""
    previous: str = ""
    """The nearest line above that is not blank."""
    next_lines: tuple[str, ...] = ()
    """The first few lines below."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """Text to insert at the cursor, and how many characters behind the cursor it replaces."""

    text: str
    replaces: int = 0


def cap(text: str, max_lines: int, max_chars: int = _MAX_CHARS) -> str:
    """At most `max_lines` lines; a text over `max_chars` loses its unfinished last line too."""
    lines = text.split("\n")[:max_lines]
    text = "\n".join(lines)
    if len(text) <= max_chars:
        return text
    text = text[:max_chars]
    return text.rsplit("\n", 1)[0] if "\n" in text else text


def drop_unfinished_line(text: str) -> str:
    """For a text that was cut off: without its last line, unless that is all there is."""
    whole, newline, _ = text.rpartition("\n")
    return whole if newline and whole.strip() else text


def drop_looping_line(text: str) -> str:
    """For a text that ended because it began to repeat itself: without its last line, where that happened."""
    return text.rpartition("\n")[0]


def strip_trailing(text: str) -> str:
    """No blanks at the end of any line, no empty lines at the end."""
    return "\n".join(line.rstrip() for line in text.split("\n")).rstrip("\n")


def drop_repeated_tail(text: str, next_lines: tuple[str, ...]) -> str:
    """Without the last lines where these are the very lines that follow the cursor's line.

    Lines are compared without blanks at their end; a match must hold something besides closers, or close a multi-line
    suggestion exactly as the following line does. The first line stays: it is part of the cursor's line.
    """
    below = [line.rstrip() for line in next_lines]
    while below and not below[0]:
        below.pop(0)
    lines = text.split("\n")
    for size in range(min(len(lines) - 1, len(below)), 0, -1):
        if [line.rstrip() for line in lines[-size:]] == below[:size]:
            return "\n".join(lines[:-size])
    return text


def fit_line_rest(text: str, after: str) -> Fitted:
    """Reconcile `text` with the rest of the cursor's line, so that nothing stands there twice.

    A one-line suggestion loses the longest end that the rest of the line begins with. One of several lines can only
    stay when its first line already ends with that rest, which it then replaces; otherwise its first line is kept.
    """
    rest = after.rstrip()
    if not rest:
        # What is left are blanks at the line's end; several lines take their place, one line goes before them.
        return Fitted(text, len(after) if "\n" in text else 0)
    first, newline, _ = text.partition("\n")
    if newline and first.rstrip().endswith(rest.lstrip()) and first.strip() != rest.strip():
        return Fitted(text, len(after))
    return Fitted(_without_overlap(first.rstrip(), rest))


def _without_overlap(text: str, rest: str) -> str:
    for size in range(min(len(text), len(rest)), 0, -1):
        if text.endswith(rest[:size]) and _is_double(text, rest, size):
            return text[:-size]
    return text


def _is_double(text: str, rest: str, size: int) -> bool:
    """Whether the overlap is the rest written again rather than a chance: all of it, or a closer that nothing opens."""
    overlap = rest[:size]
    if size == len(rest) and not is_closers(overlap):
        return True
    if not is_closers(overlap):
        return size >= 4
    return not _needs(text, overlap)


def _needs(text: str, closers: str) -> bool:
    """Whether the last closers of `text` close something that `text` itself opened."""
    pairs = {")": "(", "]": "[", "}": "{", ">": "<"}
    for closer in set(closers):
        opener = pairs.get(closer)
        if opener is not None and text.count(closer) <= text.count(opener):
            return True
        if closer in "\"'`" and text.count(closer) % 2 == 0:
            return True
    return False


def strip_doubled_blank(text: str, before: str, previous: str) -> str:
    """Without leading blanks that the line has before the cursor: `    |` plus `    x` is one indent, not two.

    Blanks stay where the line above opens a block and the cursor is not yet deeper: there they are the indent.
    """
    if not before or not before[-1].isspace() or not text.split("\n", 1)[0].strip():
        return text
    if not before.isspace():
        return text.lstrip(" ") if before.endswith(" ") else text
    indent = len(previous) - len(previous.lstrip())
    if opens_block(previous) and len(before) <= indent:
        return text
    return text.lstrip(" \t")


def balance(fitted: Fitted, before: str, after: str) -> Fitted | None:
    """A one-line suggestion so that it leaves no bracket or quote open, nor closes one too many; None if it cannot.

    `before` and `after` are the whole document but for the cursor's place, with \\n line ends.
    """
    if "\n" in fitted.text:
        return fitted
    text = settle(before, fitted.text, after[fitted.replaces :])
    return None if text is None else Fitted(text, fitted.replaces)


def finish(text: str, around: Surroundings, max_lines: int, line_end: str = "\n") -> Fitted | None:
    """All rules in order; None when nothing worth showing is left."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = cap(text, max_lines)
    text = drop_repeated_tail(text, around.next_lines)
    text = strip_trailing(text)
    text = strip_doubled_blank(text, around.before, around.previous)
    fitted = fit_line_rest(text, around.after)
    if not fitted.text.strip():
        return None
    return Fitted(fitted.text.replace("\n", line_end), fitted.replaces)
