"""From what a model wrote to what is worth showing: pure functions on text, one rule each, applied by `finish`.

Those of `finish` hold for a text that still grows, `balance` only for one that is over.

Knows nothing of documents, protocols or models; all text here has \\n line ends until the last rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mellum_ls.lsp_server.rules.indent import lead_of, open_literal, reindent, unit_of
from mellum_ls.lsp_server.rules.noise import cut_prompt_token, cut_redacted, drop_bare_comments, drop_comment_noise
from mellum_ls.lsp_server.rules.shape import expects_deeper, is_closers
from mellum_ls.runtime.balance import TAB_WIDTH, settle

_MAX_CHARS = 4_000
# How many lines around the cursor say what is written twice, and how the document is indented.
_LINES_NEAR, _LINES_OF_STYLE = 8, 200
# A line that is shorter may follow itself in good code.
_SURE_CHARS = 6
# A group of lines that has more characters is not written again by chance.
_SURE_GROUP = 20


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
    above: tuple[str, ...] = ()
    """The nearest lines above that are not blank, without blanks at their ends."""
    unit: str = ""
    """One step of indentation, a tab or blanks; empty where it is not known."""
    literal: str = ""
    """The quote over several lines that the cursor is in; empty if it is in none."""

    @staticmethod
    def of(lines: Sequence[str], number: int, before: str, after: str, unit_wanted: str = "") -> Surroundings:
        """Those of a cursor that parts the line `number` of `lines`, which have their ends, into `before` and `after`.

        `unit_wanted` is the client's word on indentation, for a document that does not show its own.
        """
        near = lines[max(0, number - _LINES_NEAR) : number]
        above = tuple(line.rstrip() for line in near if line.strip())
        styled = (*lines[max(0, number - _LINES_OF_STYLE) : number], *lines[number + 1 :][:_LINES_OF_STYLE])
        return Surroundings(
            before,
            after,
            above[-1] if above else "",
            tuple(line.rstrip("\r\n") for line in lines[number + 1 : number + 1 + _LINES_NEAR]),
            above,
            unit_of(styled, unit_wanted),
            open_literal("".join(lines[:number]) + before),
        )


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


def drop_repeated_tail(text: str, next_lines: tuple[str, ...], before: str = "") -> str:
    """Without the last lines where these are the very lines that follow the cursor's line.

    Lines are compared without blanks at their end, and a last line of closers without its separators. The first line
    goes only where nothing but blanks stands before it, as `before`, and with it more than a word like `else:`.
    """
    below = [line.rstrip() for line in next_lines]
    while below and not below[0]:
        below.pop(0)
    lines = text.split("\n")
    written = [line.rstrip() for line in (before + lines[0], *lines[1:])]
    for size in range(min(len(lines), len(below)), 0, -1):
        if not _are_same(written[-size:], below[:size]):
            continue
        if size < len(lines) or (not before.strip() and len("".join(written).strip()) >= _SURE_CHARS):
            return "\n".join(lines[:-size])
    return text


def _are_same(written: list[str], below: list[str]) -> bool:
    if written[:-1] != below[:-1]:
        return False
    last, other = written[-1], below[-1]
    if last.strip() and is_closers(last):
        last, other = last.rstrip(";,"), other.rstrip(";,")
    return last == other


def drop_copies_of_above(text: str, before: str, above: tuple[str, ...]) -> str:
    """Up to where it begins to repeat the lines above: a line that stands there twice, or several lines in a row.

    What the user has begun as `before` goes on whatever it repeats.
    """
    lines = text.split("\n")
    written = [line.rstrip() for line in (before + lines[0], *lines[1:])]
    begun = bool(before.strip())
    own = [line for line in written if line]
    for size in range(2, min(len(own), len(above)) + 1):
        group = own[:size]
        if not begun and list(above[-size:]) == group and len("".join(map(str.strip, group))) > _SURE_GROUP:
            return ""
    seen = list(above)
    for number, line in enumerate(written):
        if line and (number or not begun) and seen[-2:] == [line, line] and any(map(str.isalnum, line)):
            return "\n".join(lines[:number])
        if line:
            seen.append(line)
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


def strip_doubled_blank(text: str, before: str, previous: str, unit: str = "") -> str:
    """Without leading blanks that the line has before the cursor: `    |` plus `    x` is one indent, not two.

    Blanks stay where the line above opens a block and the cursor is not yet deeper: there they are the indent, up to
    the one that a step of `unit` leads to.
    """
    if not before or not before[-1].isspace() or not text.split("\n", 1)[0].strip():
        return text
    if not before.isspace():
        return text.lstrip(" ") if before.endswith(" ") else text
    missing = len((lead_of(previous) + unit).expandtabs(TAB_WIDTH)) - len(before.expandtabs(TAB_WIDTH))
    if not expects_deeper(previous) or missing < (0 if not unit else 1):
        return text.lstrip(" \t")
    lead = lead_of(text)
    doubled = unit and len(lead.expandtabs(TAB_WIDTH)) > missing and lead.startswith(before)
    return text[len(before) :] if doubled else text


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
    before, previous = around.before, around.previous
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    nearby = "\n".join((*around.above, before + around.after, *around.next_lines))
    text = cut_redacted(cut_prompt_token(text, nearby), nearby)
    text = cap(text, max_lines)
    text = drop_repeated_tail(text, around.next_lines, before)
    text = drop_copies_of_above(text, before, around.above)
    text = strip_trailing(drop_bare_comments(text))
    text = strip_doubled_blank(text, before, previous, around.unit)
    text = reindent(text, before, previous, around.unit, around.literal)
    text = drop_comment_noise(text, before, previous)
    fitted = fit_line_rest(text, around.after)
    if not fitted.text.strip():
        return None
    return Fitted(fitted.text.replace("\n", line_end), fitted.replaces)
