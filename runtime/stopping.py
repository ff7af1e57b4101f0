"""Where a completion ends, judged on its decoded text: at the line's end or the end of the block, at an echo, a loop.

A rule takes text piece by piece and gives back what is safe to show; text past the stop is never shown, and what was
shown is never taken back. Knows nothing of tokens: one token may hold an indentation, a line end and the next line.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from mellum_ls.runtime.echo import EchoRule
from mellum_ls.runtime.loops import LoopRule

StopKind = Literal["line", "block", "none"]
StopReason = Literal["line", "block", "echo", "loop"]

OPENERS = {"(": ")", "[": "]", "{": "}"}
CLOSERS = frozenset(OPENERS.values())
QUOTES = frozenset("\"'`")
# All that changes which brackets are awaited.
MARKS = re.compile("[" + re.escape("".join((*OPENERS, *CLOSERS, *QUOTES, "\\\r\n"))) + "]")
LINE_END = re.compile(r"\r\n|\r|\n")
TAB_WIDTH = 4
# How far back the brackets still open at the cursor are looked for.
BRACKET_SCAN = 10_000
# A line that starts like this belongs to the block before it although it is not indented deeper.
CONTINUATION = re.compile(r"(?:else|elif|except|finally|catch|case|default|end|then|while|and|or)\b|[)\]}.,:+*/&|?-]")


class StopRule(Protocol):
    """Consumes decoded text until the completion is over."""

    @property
    def stopped(self) -> bool:
        """Whether the completion is over."""

    @property
    def reason(self) -> StopReason | None:
        """The rule that ended it; None as long as none has."""

    def push(self, piece: str) -> str:
        """Take the next piece and return the text that is now safe to show."""

    def finish(self) -> str:
        """Return what is still held when generation ended for another reason; may find that a rule ends it."""


def make_rule(kind: StopKind, prefix: str, suffix: str = "") -> StopRule:
    """The rule for a completion between `prefix` and `suffix`, the texts before and behind the cursor.

    `none` shows everything, echoes and loops too.
    """
    if kind == "none":
        return NoRule()
    place = LineRule() if kind == "line" else BlockRule(prefix)
    return Chain((place, EchoRule(prefix, suffix), LoopRule()))


class Chain:
    """Several rules, each of which sees the text that the one before it lets through; the first to stop ends it."""

    def __init__(self, rules: Sequence[StopRule]) -> None:
        self._rules = rules
        self.stopped = False
        self.reason: StopReason | None = None

    def push(self, piece: str) -> str:
        """Take the next piece and return the text that is now safe to show."""
        return "" if self.stopped else self._pass_on(piece, final=False)

    def finish(self) -> str:
        """Show what the rules hold, unless its end makes one of them stop."""
        return "" if self.stopped else self._pass_on("", final=True)

    def _pass_on(self, text: str, *, final: bool) -> str:
        for rule in self._rules:
            text = rule.push(text)
            if final and not rule.stopped:
                text += rule.finish()
            if rule.stopped:
                # The rules behind it see an end of the text, which one of them may put still earlier.
                self.stopped, self.reason, final = True, rule.reason, True
        return text


@dataclass(slots=True)
class NoRule:
    """Shows everything."""

    stopped: bool = False
    reason: StopReason | None = None

    def push(self, piece: str) -> str:
        """Take the next piece and return it."""
        return piece

    def finish(self) -> str:
        """Nothing is ever held."""
        return ""


@dataclass(slots=True)
class LineRule:
    """Ends at the first line end that follows something other than white space; the line end is not shown.

    White space is held until something follows it, so a completion is never white space alone.
    """

    stopped: bool = False
    reason: StopReason | None = None
    _held: str = ""
    _visible: bool = False

    def push(self, piece: str) -> str:
        """Take the next piece and return the text that is now safe to show."""
        if self.stopped:
            return ""
        text, self._held = self._held + piece, ""
        body = 0 if self._visible else len(text) - len(text.lstrip())
        if body == len(text) and not self._visible:
            self._held = text
            return ""
        self._visible = True
        end = LINE_END.search(text, body)
        if end is not None:
            self.stopped, self.reason = True, "line"
        return text if end is None else text[: end.start()]

    def finish(self) -> str:
        """White space that nothing followed is dropped."""
        return ""


@dataclass(slots=True)
class Brackets:
    """The closing brackets awaited, the outermost first. Brackets in quotes on one line do not count."""

    awaited: list[str] = field(default_factory=list)
    _quote: str = ""
    _escaped: bool = False

    def fits(self, char: str) -> bool:
        """Take the next character; False if it closes what nothing opened, and then nothing changes."""
        if char in "\r\n":
            self._quote, self._escaped = "", False
        elif self._quote:
            if char == self._quote and not self._escaped:
                self._quote = ""
            self._escaped = char == "\\" and not self._escaped
        elif char in QUOTES:
            self._quote = char
        elif char in OPENERS:
            self.awaited.append(OPENERS[char])
        elif char in CLOSERS:
            if not self.awaited or self.awaited[-1] != char:
                return False
            self.awaited.pop()
        return True

    def read(self, text: str) -> None:
        """Take a text character by character; what closes something that nothing opened is left out."""
        end = 0
        for mark in MARKS.finditer(text):
            # A backslash concerns the next character only.
            self._escaped = self._escaped and mark.start() == end
            self.fits(mark[0])
            end = mark.end()
        self._escaped = self._escaped and end == len(text)


class BlockRule:
    """Ends where the block at the cursor ends.

    That is before a line that is indented less than the cursor's line; if the cursor's line opened a block, before a
    line that is not indented deeper than it and does not continue it; before blank lines that a dedent follows;
    before a closing bracket that nothing opened; and after the line that closes the brackets of the cursor's line, if
    that is a later line. A line is judged by its first word, so up to one word is held.
    """

    def __init__(self, prefix: str) -> None:
        self.stopped = False
        self.reason: StopReason | None = None
        line_start = max(prefix.rfind("\n"), prefix.rfind("\r")) + 1
        line = prefix[line_start:]
        self._brackets = Brackets()
        self._brackets.read(prefix[max(0, line_start - BRACKET_SCAN) : line_start])
        self._outer_depth = len(self._brackets.awaited)
        self._brackets.read(line)
        self._cursor_depth = len(self._brackets.awaited)
        self._indent = columns(line)
        self._line_is_blank = not line.strip()
        # The indentation of the last line that was let through; None before there is one.
        self._previous = None if self._line_is_blank else self._indent
        self._opens_block: bool | None = None
        self._in_line = not self._line_is_blank
        self._later_line = False
        self._held = ""

    def push(self, piece: str) -> str:
        """Take the next piece and return the text that is now safe to show."""
        self._held += piece
        return self._release(final=False)

    def finish(self) -> str:
        """Show a line that waited for its first word to end; white space at the end is dropped."""
        return self._release(final=True)

    def _release(self, *, final: bool) -> str:
        shown = ""
        while self._held and not self.stopped:
            step = self._continue_line() if self._in_line else self._start_line(final=final)
            if step is None:
                break
            shown += step
        return shown

    def _continue_line(self) -> str:
        """Show the rest of a line that was let through, up to its end or to a bracket that nothing opened."""
        for index, char in enumerate(self._held):
            if not self._brackets.fits(char):
                self._stop()
                return self._held[:index]
            if char in "\r\n":
                text, self._held = self._held[:index], self._held[index:]
                self._in_line = False
                opened = self._cursor_depth > self._outer_depth
                closed = len(self._brackets.awaited) <= self._outer_depth
                if self._later_line and opened and closed:
                    self._stop()
                return text
        text, self._held = self._held, ""
        return text

    def _start_line(self, *, final: bool) -> str | None:
        """Judge the line that comes next by its first word; None while that is not there in full."""
        lead = len(self._held) - len(self._held.lstrip())
        word = re.match(r"\w+|\W", self._held[lead:])
        if word is None or (not final and lead + word.end() == len(self._held) and word.group().isalnum()):
            return None
        breaks = list(LINE_END.finditer(self._held, 0, lead))
        indent = columns(self._held[breaks[-1].end() if breaks else 0 : lead])
        if not breaks:
            indent += self._indent  # still on the cursor's line
        if self._ends_before(indent, self._held[lead:], num_breaks=len(breaks)):
            self._stop()
            return ""
        if self._previous is None:
            self._indent = indent
        else:
            self._later_line = True
        self._previous, self._in_line = indent, True
        shown, self._held = self._held[:lead], self._held[lead:]
        return shown

    def _stop(self) -> None:
        self.stopped, self.reason = True, "block"

    def _ends_before(self, indent: int, text: str, *, num_breaks: int) -> bool:
        """Whether a line with this indentation and beginning is outside the block."""
        awaited = self._brackets.awaited
        if self._previous is None or len(awaited) > self._cursor_depth:
            return False
        if self._opens_block is None:
            self._opens_block = indent > self._indent
        if indent < self._indent or (num_breaks > 1 and indent < self._previous):
            return True
        closes = bool(awaited) and text[0] == awaited[-1]
        return self._opens_block and indent == self._indent and not closes and not CONTINUATION.match(text)


def columns(line: str) -> int:
    """Width of the white space that the line begins with."""
    lead = line[: len(line) - len(line.lstrip(" \t"))]
    return len(lead.expandtabs(TAB_WIDTH))
