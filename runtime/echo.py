"""The stop rule for echoes: a model that sees the text behind the cursor likes to write it again.

Compares decoded text with the rest of the cursor's line and with the next lines. Knows no language.
"""

import re
from typing import Literal

LINE_END = re.compile(r"\r\n|\r|\n")
# A line as short as `else:` may stand twice in good code: it is an echo only together with the line after it.
SURE_CHARS = 6
REST_CHARS = 4


class EchoRule:
    """Ends a completion that begins to repeat what stands behind the cursor; what is repeated is not shown.

    An echo is a line that is the next line over again, indentation included, where that line is long enough
    (SURE_CHARS) or the line after it comes again too; or a line that ends with the rest of the cursor's line, if that
    has a word. Text that may become an echo is held, and white space until something follows it.
    """

    def __init__(self, prefix: str, suffix: str) -> None:
        self.stopped = False
        self.reason: Literal["echo"] | None = None
        rest, below = _lines(suffix)
        self._rest = rest.rstrip() if len(rest.strip()) >= REST_CHARS and _has_word(rest) else ""
        self._below = below
        self._text = ""
        self._shown = 0
        # The line that is being written: what stood before the cursor, and where its own text begins.
        self._before = prefix[max(prefix.rfind("\n"), prefix.rfind("\r")) + 1 :]
        self._line_start = 0
        # Where a line stands that is the next line, but too short to be sure.
        self._doubted: int | None = None

    def push(self, piece: str) -> str:
        """Take the next piece and return the text that is now safe to show."""
        if self.stopped:
            return ""
        self._text += piece
        # A carriage return at the end may be the first half of a line end.
        ready = len(self._text) - self._text.endswith("\r")
        while not self.stopped and (end := LINE_END.search(self._text, self._line_start, ready)) is not None:
            self._end_line(end.start(), end.end())
        return self._show(len(self._text[: self._held_from()].rstrip()))

    def finish(self) -> str:
        """Show what is held, unless the text ends with an echo."""
        if self.stopped:
            return ""
        self._end_line(len(self._text), len(self._text))
        return self._show(len(self._text[: self._echo_from].rstrip()) if self.stopped else len(self._text))

    def _end_line(self, end: int, next_start: int) -> None:
        """Judge the line that ends at `end`, and begin the next one."""
        written = self._text[self._line_start : end]
        line = (self._before + written).rstrip()
        if written.strip() and self._is_echo(line, written.rstrip()):
            self.stopped, self.reason = True, "echo"
            return
        self._before, self._line_start = "", next_start

    def _is_echo(self, line: str, written: str) -> bool:
        self._echo_from = self._line_start
        if self._rest and written.endswith(self._rest):
            self._echo_from += len(written) - len(self._rest)
            return True
        if self._doubted is not None:
            self._echo_from, self._doubted = self._doubted, None
            if line == self._below[1]:
                return True
        if not self._below or line != self._below[0]:
            return False
        if len(line.strip()) >= SURE_CHARS and _has_word(line):
            self._echo_from = self._line_start
            return True
        self._doubted = self._line_start if len(self._below) > 1 else None
        return False

    def _held_from(self) -> int:
        """Offset of what is, or may become, an echo; the text's length if there is none."""
        if self.stopped:
            return self._echo_from
        written = self._text[self._line_start :]
        line = self._before + written
        if self._doubted is not None and self._below[1].startswith(line.rstrip()):
            return self._doubted
        if self._below and self._below[0].startswith(line.rstrip()):
            return self._line_start
        if self._rest and written.rstrip().endswith(self._rest):
            return self._line_start + len(written.rstrip()) - len(self._rest)
        for size in range(min(len(self._rest), len(written)), 0, -1):
            if written.endswith(self._rest[:size]):
                return len(self._text) - size
        return len(self._text)

    def _show(self, end: int) -> str:
        shown = self._text[self._shown : end]
        self._shown = end
        return shown


def _has_word(text: str) -> bool:
    return any(char.isalnum() or char == "_" for char in text)


def _lines(suffix: str) -> tuple[str, list[str]]:
    """The rest of the cursor's line, and the next two that are not blank; reads no further."""
    first = LINE_END.search(suffix)
    if first is None:
        return suffix, []
    below: list[str] = []
    start = first.end()
    while len(below) < 2 and start < len(suffix):
        end = LINE_END.search(suffix, start)
        line = suffix[start : end.start() if end else None].rstrip()
        if line:
            below.append(line)
        start = end.end() if end else len(suffix)
    return suffix[: first.start()], below
