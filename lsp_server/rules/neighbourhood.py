"""As much of a document as the rule of balance looks at, so that judging a suggestion never costs a whole document.

Of what lies farther away that rule asks one thing only: whether a long quote is open there. A stand-in says it.
"""

from __future__ import annotations

from collections.abc import Iterable

from mellum_ls.lsp_server.documents.lines import Lines
from mellum_ls.lsp_server.prompt.windows import model_text
from mellum_ls.runtime.balance import AFTER_CHARS, BEFORE_CHARS, LONG_QUOTES


def neighbourhood(lines: Lines, number: int) -> tuple[str, str]:
    """Text before and behind the line `number`, with \\n line ends; for `runtime.balance` as good as all of it.

    What stands behind begins with the end of that line, where it has one.
    """
    near = _enough(reversed(lines[:number]), BEFORE_CHARS)
    start = number - near
    above = _stand_in(lines[:start]) + model_text("".join(lines[start:number]))
    if number + 1 >= len(lines):
        return above, ""
    stop = number + 1 + _enough(lines[number + 1 :], AFTER_CHARS)
    # What ends the line is no matter here, only that something does.
    below = "\n" + model_text("".join(lines[number + 1 : stop]))
    return above, below + _stand_in(lines[stop:])


def _enough(lines: Iterable[str], chars: int) -> int:
    """How many of `lines` have more than `chars` characters together whatever their line ends, or all."""
    count = size = 0
    for line in lines:
        count += 1
        size += len(line)
        if size > 2 * chars:  # \r\n becomes one character
            break
    return count


def _stand_in(far: Lines) -> str:
    """A text in which as many long quotes are open as in `far`."""
    return "".join(f"\n{quote}\n" for quote in LONG_QUOTES if far.occurrences(quote) % 2)
