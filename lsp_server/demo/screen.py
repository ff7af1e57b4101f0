"""What the audience sees: the code around the cursor, ghost text that grows in it, and what became of it.

One frame per edit: on a terminal it changes in place, elsewhere it is printed when the edit is over, with the ghost
text in brackets. Knows no server.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from rich import box
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.syntax import Syntax
from rich.text import Text

LINES_ABOVE = 5
LINES_BELOW = 2
MAX_WIDTH = 100
MAX_NOTES = 6
GHOST_STYLE = "dim italic"
FRESH_STYLE = "bold green"
# The terminal's own colours, which its owner can read on its background.
_SYNTAX = Syntax("", "python", theme="ansi_dark")
# A model can write anything; what would steer the terminal is shown as a sign for "cannot be shown".
_CONTROLS = {code: "\ufffd" for code in (*range(10), *range(11, 32), *range(127, 160))}


@dataclass(frozen=True, slots=True)
class View:
    """One moment: text before and behind the cursor, ghost text at it, and what has happened so far."""

    before: str
    after: str
    ghost: str = ""
    fresh: tuple[tuple[int, int], ...] = ()
    """String offsets of what was taken from suggestions; all before the cursor."""
    notes: tuple[str, ...] = ()


class Screen:
    """Draws on a console."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live: Live | None = None
        self._title = ""
        self._kept: View | None = None
        self._keeps_taken = False

    def begin(self, title: str) -> None:
        """A new edit; `title` says where."""
        self._title = title
        self._kept, self._keeps_taken = None, False
        if self._console.is_terminal:
            self._live = Live(console=self._console, auto_refresh=False, vertical_overflow="crop")
            self._live.start()

    def update(self, view: View) -> None:
        """Show this moment, where frames can change in place."""
        if self._live is not None:
            self._live.update(self._frame(view), refresh=True)

    def settle(self, view: View, *, taken: bool) -> None:
        """Show a suggestion that does not grow any more, and is about to be taken or not."""
        # Where only one moment can be shown, it is that of the first suggestion that was of use.
        if not self._keeps_taken:
            self._kept, self._keeps_taken = view, taken
        self.update(view)

    def end(self, view: View) -> None:
        """The edit is over; its last moment stays on the screen."""
        if self._live is not None:
            self.update(view)
            self._live.stop()
            self._live = None
        elif self._kept is None:
            self._console.print(f"{self._title}: nothing was suggested", highlight=False, markup=False)
        else:
            kept = replace(self._kept, notes=view.notes)
            self._console.print(self._frame(kept, brackets=True))

    def close(self) -> None:
        """Give the terminal back, also in the middle of an edit."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _frame(self, view: View, *, brackets: bool = False) -> RenderableType:
        last = view.notes[-MAX_NOTES:]
        notes = [Text(_harmless(note), "dim", no_wrap=True, overflow="ellipsis") for note in last]
        return Panel(
            Group(*code_lines(view, brackets=brackets), *notes),
            title=Text(self._title),
            title_align="left",
            box=box.ROUNDED,
            width=min(self._console.width, MAX_WIDTH),
        )


def code_lines(view: View, *, brackets: bool = False) -> list[Text]:
    """The numbered lines around the cursor, ghost text included; `brackets` mark it where colours cannot."""
    above = view.before.split("\n")
    first = max(0, len(above) - 1 - LINES_ABOVE)
    hidden = sum(len(line) + 1 for line in above[:first])
    head = view.before[hidden:]
    tail = "\n".join(view.after.split("\n")[: 1 + LINES_BELOW])
    code = _SYNTAX.highlight(_harmless(head + tail))
    for start, end in view.fresh:
        code.stylize(FRESH_STYLE, max(0, start - hidden), max(0, end - hidden))
    ghost = _harmless(f"⟦{view.ghost}⟧" if brackets and view.ghost else view.ghost)
    parts = code.divide([len(head), len(head) + len(tail)])
    text = Text.assemble(parts[0], (ghost, GHOST_STYLE), parts[1])
    cursor_row, num_new = len(above) - 1 - first, ghost.count("\n")
    rows = []
    for row, line in enumerate(text.split("\n", allow_blank=True)):
        # Lines that only the ghost text has are not counted.
        is_new = cursor_row < row <= cursor_row + num_new
        number = "" if is_new else str(first + 1 + row - (num_new if row > cursor_row else 0))
        numbered = Text.assemble((f"{number:>4}  ", "dim"), line)
        numbered.no_wrap, numbered.overflow = True, "ellipsis"
        rows.append(numbered)
    return rows


def _harmless(text: str) -> str:
    """`text` without control characters, each replaced by one sign; line ends stay."""
    return text.translate(_CONTROLS)
