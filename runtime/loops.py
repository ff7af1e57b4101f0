"""The stop rule for repetition: small models write the same words or lines again and again, and never come out of it.

Counts repeated groups of lexemes and of lines in decoded text. Knows neither tokens nor what a line means.
"""

import re
from typing import Literal

# The longest group of lexemes, and of lines, that is looked for; longer ones cost a completion's budget to show.
LEXEME_PERIODS = 24
LINE_PERIODS = 8
# How often a group stands in a row before it is a loop. Good code has zeros and flags in a row, so one or two lexemes
# may stand there once more than longer groups.
GROUP_TIMES = 3
SHORT_GROUP, SHORT_GROUP_TIMES = 2, 4
# Names are taken apart at underscores, digits and humps, for loops run inside them too. A unit only ever grows at its
# end, so that its beginning can be compared before all of it is there.
_LOWER = r"(?:(?![A-Z])[^\W\d_])"
_PIECE = re.compile(rf"[A-Z]+{_LOWER}*|{_LOWER}+|\d+|\w|[^\w\s]|\r\n|\r|\n|[^\S\r\n]+")
_LINE_ENDS = ("\r\n", "\r", "\n")


class Periods:
    """For each period p up to `longest`: how many of the last units are the same as those p before them.

    A group without a word or a number is no loop: rulers and closing brackets repeat in good code. Groups of up to
    `short` units must stand SHORT_GROUP_TIMES in a row, others GROUP_TIMES.
    """

    def __init__(self, longest: int, short: int = 0) -> None:
        self._longest, self._short = longest, short
        self._units: list[str] = []
        self._starts: list[int] = []
        self._runs = [0] * (longest + 1)

    def add(self, unit: str, start: int) -> int | None:
        """Take the next unit, at offset `start`; the offset of the second copy if that completes a loop, else None."""
        self._units.append(unit)
        self._starts.append(start)
        count = len(self._units)
        for period in range(1, min(self._longest, count - 1) + 1):
            same = unit == self._units[count - 1 - period]
            self._runs[period] = run = self._runs[period] + 1 if same else 0
            times = SHORT_GROUP_TIMES if period <= self._short else GROUP_TIMES
            if run >= period * (times - 1) and any(map(_has_word, self._units[-period:])):
                return self._starts[count - run]
        return None

    def open_from(self, partial: str, start: int) -> int | None:
        """Offset of the earliest repetition that may go on with the unit `partial`, of which more may come.

        `start` is where that unit begins; None if no repetition may go on or begin there.
        """
        count = len(self._units)
        begun: list[int] = []
        for period in range(1, min(self._longest, count) + 1):
            run = self._runs[period]
            if (run or partial) and self._units[count - period].startswith(partial):
                begun.append(self._starts[count - run] if run else start)
        return min(begun, default=None)


class LoopRule:
    """Ends a completion that repeats itself; the first copy of what is repeated is shown, with what led to it.

    A loop is a group of up to LEXEME_PERIODS words (or parts of names) and signs, whatever blanks part them, or of up
    to LINE_PERIODS lines, whatever their indentation, that stands several times in a row. What may be a second copy is
    held.
    """

    def __init__(self) -> None:
        self.stopped = False
        self.reason: Literal["loop"] | None = None
        self._text = ""
        self._shown = 0
        # Where the first unit begins that may still grow, and the last line.
        self._next = self._line_start = 0
        self._lexemes, self._lines = Periods(LEXEME_PERIODS, SHORT_GROUP), Periods(LINE_PERIODS)

    def push(self, piece: str) -> str:
        """Take the next piece and return the text that is now safe to show."""
        if self.stopped:
            return ""
        self._text += piece
        self._read(final=False)
        return self._show(len(self._text[: self._held_from()].rstrip()))

    def finish(self) -> str:
        """Show what is held, unless the end of the text completes a loop."""
        if self.stopped:
            return ""
        self._read(final=True)
        return self._show(len(self._text[: self._held_from()].rstrip()) if self.stopped else len(self._text))

    def _read(self, *, final: bool) -> None:
        """Take all units that are whole; with the text's end all are. Ends with the first loop."""
        self._loop_from: int | None = None
        while self._loop_from is None and (found := _PIECE.match(self._text, self._next)) is not None:
            piece, start = found.group(), found.start()
            if found.end() == len(self._text) and not final and (_has_word(piece) or piece.isspace()):
                return
            self._next = found.end()
            if piece in _LINE_ENDS:
                self._end_line(start)
            elif not piece.isspace():
                self._loop_from = self._lexemes.add(piece, start)
        if final and self._loop_from is None:
            self._end_line(len(self._text))
        if self._loop_from is not None:
            self.stopped, self.reason = True, "loop"

    def _end_line(self, end: int) -> None:
        line = self._text[self._line_start : end].strip()
        if line:
            self._loop_from = self._lines.add(line, self._line_start)
        self._line_start = self._next

    def _held_from(self) -> int:
        """Offset of what is, or may become, a second copy; the text's length if there is none."""
        if self._loop_from is not None:
            return self._loop_from
        word, line = self._text[self._next :].strip(), self._text[self._line_start :].strip()
        held = (self._lexemes.open_from(word, self._next), self._lines.open_from(line, self._line_start))
        return min((start for start in held if start is not None), default=len(self._text))

    def _show(self, end: int) -> str:
        shown = self._text[self._shown : end]
        self._shown = end
        return shown


def _has_word(text: str) -> bool:
    return any(map(str.isalnum, text))
