"""The lines that a newer version of a text adds, each with the text around it as it was when the line was typed.

The new lines come in one after another: before the line stands what is new, behind it what is still old.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

MOST_LINES = 4_000
"""Longer texts are passed over: comparing takes time that grows with the square of the lines."""


@dataclass(frozen=True, slots=True)
class Added:
    """One added line. The target is the line without its indentation and without blanks at its end."""

    line: int
    """In the new text, from 0."""
    _after: Sequence[str]
    _rest: Sequence[str]

    @property
    def target(self) -> str:
        """What is typed there."""
        return self._after[self.line].strip()

    @property
    def prefix(self) -> str:
        """All before the target, the indentation included."""
        line = self._after[self.line]
        return "\n".join([*self._after[: self.line], line[: len(line) - len(line.lstrip())]])

    @property
    def suffix(self) -> str:
        """All behind it, the line's end included."""
        return "".join("\n" + line for line in self._rest)


def added_lines(old: str, new: str) -> Iterator[Added]:
    """The added lines that are not blank, in order. `old` is empty for a new file."""
    before, after = old.split("\n"), new.split("\n")
    if max(len(before), len(after)) > MOST_LINES:
        return
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    for kind, _, end, first, last in matcher.get_opcodes():
        if kind in ("insert", "replace"):
            rest = before[end:]
            yield from (Added(line, after, rest) for line in range(first, last) if after[line].strip())
