"""Whether a one-line suggestion closes what it opens: the rule that keeps half-open brackets and quotes off the screen.

Judges by brackets, quotes and indentation, for any language: pure functions on the text around a cursor. Free of torch,
for the language server decides by it what is shown and the evaluation of the embedded model what counts as shown.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

OPENERS = {"(": ")", "[": "]", "{": "}"}
CLOSERS = frozenset(OPENERS.values())
# How far around the cursor brackets are looked at: enough for any statement, and one or two milliseconds.
BEFORE_CHARS, AFTER_CHARS = 12_000, 6_000
TAB_WIDTH = 4
LONG_QUOTES = ('"""', "'''")
_MARK = re.compile(r"""\\.|\"{3}|'{3}|["'`]|[()\[\]{}]|\n|\#|//|/\*|\*/""", re.DOTALL)
_UNINDENTED = re.compile(r"^(?=[^\s)\]}])", re.MULTILINE)
_LIFETIME = re.compile(r"'\w+(?!\w|')")
_STRING_PREFIX = re.compile(r"\b[bBfFrRuU]{1,2}$")
_LABEL = re.compile(r"(?:case\b.*|default|public|private|protected|\w+):")
_COMMENT = re.compile(r"#|//|/\*|\*")
# What a whole expression ends with, apart from letters and digits.
_WHOLE = frozenset("_\"'") | CLOSERS
# What may be cut from a suggestion's end together with a closing bracket that is one too many.
_CUT = CLOSERS | frozenset(" \t,;:")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a suggestion: `missing` are the brackets that would close it.

    None are missing where it closes one too many, nor where it leaves a quote open: it is not known where that ends.
    """

    missing: str


@dataclass(frozen=True, slots=True)
class _Open:
    """A bracket that awaits `closer`; `indent` is that of its line, in columns."""

    closer: str
    offset: int
    indent: int


def settle(before: str, text: str, after: str) -> str | None:
    """`text` as it can be shown between `before` and `after`, which are the whole document but for this place.

    Where it leaves brackets open, they are closed if it ends with a word or a bracket, else it ends before the call
    that stays open; a block that begins with a brace at its end stays open, for the lines to come are meant to fill it.
    Closing brackets at its end that are there already are cut off. None: it cannot be made to fit.
    Texts have \n line ends; `text` is the cursor's line up to where `after` begins.
    """
    fault = find_fault(before, text, after)
    if fault is None or _begins_block(fault, text, after):
        return text
    if _goes_on_deeper(before, after):
        return None
    text = text.rstrip()
    candidates = (_closed(text, fault.missing), _without_call(text)) if fault.missing else _without_closers(text)
    return next((found for found in candidates if found.strip() and find_fault(before, found, after) is None), None)


def _begins_block(fault: Fault, text: str, after: str) -> bool:
    """Whether `text` ends the line with a brace that it leaves open, as blocks and callbacks begin."""
    return fault.missing[:1] == "}" and text.rstrip().endswith("{") and not after.partition("\n")[0].strip()


def _goes_on_deeper(before: str, after: str) -> bool:
    """Whether the next line that is not blank is indented deeper than the cursor's."""
    below = (line for line in after[:AFTER_CHARS].split("\n")[1:] if line.strip())
    return _columns(next(below, "")) > _columns(before[before.rfind("\n") + 1 :])


def _closed(text: str, missing: str) -> str:
    """With what is missing; empty where the text ends in the middle of an expression, which that would not mend."""
    return text + missing if text[-1:].isalnum() or text[-1:] in _WHOLE else ""


def _without_call(text: str) -> str:
    """Up to the name before the first bracket that the text itself leaves open; empty if no name stands there."""
    opened, _ = _own_brackets(text)
    kept = text[: opened[0]] if opened else ""
    return kept if kept[-1:].isalnum() or kept[-1:] == "_" else ""


def _without_closers(text: str) -> Iterator[str]:
    """With one closing bracket less at the end, with two less and so on, as long as the text did not open them."""
    while text and text[-1] in _CUT:
        if text[-1] in CLOSERS and len(text) - 1 not in _own_brackets(text)[1]:
            return
        text = text[:-1].rstrip()
        yield text


def _own_brackets(text: str) -> tuple[list[int], list[int]]:
    """Offsets of the brackets that `text` opens and does not close, and of those that it closes and did not open."""
    opened: list[int] = []
    closed: list[int] = []
    for offset, mark in marks(text):
        if mark in OPENERS:
            opened.append(offset)
        elif mark in CLOSERS and opened:
            opened.pop()
        elif mark in CLOSERS:
            closed.append(offset)
    return opened, closed


def find_fault(before: str, text: str, after: str) -> Fault | None:
    """The first bracket or quote that `text` leaves open though nothing in `after` closes it, or closes once too often.

    Only what opens on the cursor's line is judged: who is in the middle of writing a call over several lines has not
    closed it yet. Where the text around does not tell, there is no fault.
    """
    if any(quote in text and (before + text + after).count(quote) % 2 for quote in LONG_QUOTES):
        return Fault("")
    skipped, window = _window(before)
    quote = next((quote for quote in LONG_QUOTES if skipped.count(quote) % 2), "")
    judge = _Judge(window, text, after[:AFTER_CHARS], from_start=not skipped, to_end=len(after) <= AFTER_CHARS)
    return judge.run(quote)


def _window(before: str) -> tuple[str, str]:
    """`before` split where judging starts: at an unindented line, for those are seldom inside anything."""
    start = max(0, len(before) - BEFORE_CHARS)
    if start and (found := _UNINDENTED.search(before, start)) is not None:
        start = found.start()
    return before[:start], before[start:]


class _Judge:
    """One pass over the text around a suggestion and the suggestion itself."""

    def __init__(self, before: str, text: str, after: str, *, from_start: bool, to_end: bool) -> None:
        self._text = before + text + after
        self._cursor, self._end = len(before), len(before) + len(text)
        self._from_start, self._to_end = from_start, to_end
        self._line_start = before.rfind("\n") + 1
        self._stack: list[_Open] = []
        self._indent = self._indent_at(0)
        # Lines below that are indented no deeper than this are no part of the statement that the cursor is in.
        self._boundary = self._indent_at(self._line_start)

    def run(self, quote: str) -> Fault | None:
        """The fault, if any; `quote` is the one that is open at the beginning."""
        for offset, mark in marks(self._text, quote):
            if mark in OPENERS:
                # Behind the end of a head over several lines, what counts is where that head began.
                indent = self._indent if offset < self._line_start else min(self._indent, self._boundary)
                self._stack.append(_Open(OPENERS[mark], offset, indent))
                continue
            if mark in CLOSERS:
                over, fault = self._close(mark, offset)
            elif mark == "\n":
                over, fault = self._next_line(offset)
            else:
                # Between backticks there may well be several lines.
                fault = Fault("") if self._line_start <= offset < self._end and mark != "`" else None
                over = fault is not None
            if over:
                return fault
        return self._left_open() if self._to_end else None

    def _close(self, mark: str, offset: int) -> tuple[bool, Fault | None]:
        stack = self._stack
        if stack and stack[-1].closer == mark:
            opened = stack[-1]
            if (
                offset >= self._end
                and self._is_ours(opened)
                and self._starts_line(offset)
                and self._indent < opened.indent
            ):
                return True, self._left_open()  # it stands where the closer of an outer bracket does
            stack.pop()
            if self._line_start <= offset < self._end and opened.offset < self._line_start:
                self._boundary = min(self._boundary, opened.indent)
            return False, None
        if not stack:
            if offset < self._end:
                surplus = offset >= self._cursor and self._from_start
                return surplus, Fault("") if surplus else None
            # It closes what was opened before the window, unless it stands too deep for that.
            return True, Fault("") if self._indent >= self._boundary else None
        if offset >= self._cursor and self._is_ours(stack[-1]):
            left = ""
            for opened in reversed(stack):
                if opened.closer == mark or not self._is_ours(opened):
                    return True, Fault(left if opened.closer == mark and offset >= self._end else "")
                left += opened.closer
            return True, Fault("")
        # Not our fault: go on as if all inside the bracket that it does close were closed.
        depth = max((i for i, opened in enumerate(stack) if opened.closer == mark), default=None)
        if depth is not None:
            del stack[depth:]
        return False, None

    def _next_line(self, offset: int) -> tuple[bool, Fault | None]:
        start = offset + 1
        rest = _line_at(self._text, start).strip()
        if not rest:
            return False, None
        self._indent = self._indent_at(start)
        if offset < self._end or rest[0] in CLOSERS or _COMMENT.match(rest):
            return False, None
        if self._stack and self._is_ours(top := self._stack[-1]):
            if self._indent <= top.indent and not self._is_unindented_block(top, rest):
                return True, self._left_open()
        elif self._indent <= self._boundary:
            return True, None
        return False, None

    def _is_unindented_block(self, opened: _Open, line: str) -> bool:
        """Whether `line` may be inside the block `opened` though indented no deeper: a label, or in a namespace."""
        if opened.closer != "}" or self._indent < opened.indent:
            return False
        last = self._text[: opened.offset].rstrip(" \t")[-1:]
        namespace = opened.indent == 0 and (last.isalnum() or last in ("_", '"'))
        return namespace or _LABEL.match(line) is not None

    def _left_open(self) -> Fault | None:
        missing = "".join(opened.closer for opened in reversed(self._stack) if self._is_ours(opened))
        return Fault(missing) if missing else None

    def _starts_line(self, offset: int) -> bool:
        return not self._text[self._text.rfind("\n", 0, offset) + 1 : offset].strip()

    def _is_ours(self, opened: _Open) -> bool:
        """Whether it stands on the cursor's line or in the suggestion."""
        return self._line_start <= opened.offset < self._end

    def _indent_at(self, line_start: int) -> int:
        return _columns(_line_at(self._text, line_start))


def _line_at(text: str, start: int) -> str:
    """The line that begins at `start`."""
    end = text.find("\n", start)
    return text[start:] if end < 0 else text[start:end]


def _columns(line: str) -> int:
    """Width of the white space that the line begins with."""
    return len(line[: len(line) - len(line.lstrip(" \t"))].expandtabs(TAB_WIDTH))


def marks(text: str, quote: str = "") -> Iterator[tuple[int, str]]:
    """Offset and sign of every bracket and line end outside quotes and comments.

    A quote that its line leaves open is given too, before that line's end. `quote` is the one open at the beginning.
    """
    opened_at = 0
    for found in _MARK.finditer(text):
        mark, offset = found.group(), found.start()
        if quote == "":
            if mark[0] in "\"'`#/":
                quote, opened_at = (mark if _opens(text, mark, offset) else ""), offset
            elif mark == "\n" or mark in OPENERS or mark in CLOSERS:
                yield offset, mark
        elif mark == "\n" and quote not in LONG_QUOTES and quote != "/*":
            if quote not in ("#", "//"):
                yield opened_at, quote
            quote = ""
            yield offset, mark
        elif mark == ("*/" if quote == "/*" else quote) or mark == 3 * quote:
            quote = ""
    if quote in ("'", '"', "`"):
        yield opened_at, quote


def _opens(text: str, mark: str, offset: int) -> bool:
    """Whether a sign outside quotes begins a string or a comment, judged by its neighbours."""
    last, following = text[max(0, offset - 1) : offset], text[offset + len(mark) : offset + len(mark) + 1]
    if mark == "#":  # neither a preprocessor line nor an attribute nor a private name
        return (not last or last.isspace()) and not (following.isalnum() or following in ("_", "["))
    if mark == "//":  # in Python it divides
        return text[:offset].rstrip(" \t")[-1:] in ("", "\n", ";", "{", ",")
    if mark == "/*":
        return not (last.isalnum() or last in ("_", "*", "/", "."))
    if mark == "'":
        if last in ("&", "<"):  # a lifetime
            return _LIFETIME.match(text, offset) is None
        # An apostrophe inside a word opens nothing; letters that may stand before a string do not make it one.
        return (
            not (last.isalnum() or last == "_") or _STRING_PREFIX.search(text[max(0, offset - 3) : offset]) is not None
        )
    return True
