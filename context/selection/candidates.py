"""A piece of the repository that may go into the prompt: lines of a file, or the head of one symbol of it."""

from __future__ import annotations

from typing import Literal, NamedTuple

from mellum_ls.context.index.rows import Definition

Form = Literal["outline", "lines"]
"""`outline` is one symbol's head without its body, `lines` is text as it stands in the file."""

Key = tuple[str, str, str, int]
"""What makes two pieces the same: path, form, and the symbol's full name or the first line."""


class Candidate(NamedTuple):
    """One piece. Lines count from 0, the end is excluded. A tuple, because a question makes a thousand of them."""

    path: str
    start_line: int
    end_line: int
    form: Form
    reason: str
    """Why it is offered, in words that contain no source text but names."""
    text: str = ""
    """The head of an outline in one line; of lines it is filled in when they are read."""
    name: str = ""
    """The symbol, where the piece is one."""
    container: str = ""
    """The symbols around it, with dots."""
    kind: str = ""

    @property
    def key(self) -> Key:
        """Equal for pieces that say the same; heads keep theirs when lines above them come or go."""
        if self.form == "outline":
            return (self.path, "outline", f"{self.container}.{self.name}", 0)
        return (self.path, "lines", "", self.start_line)


def head_of(definition: Definition, reason: str) -> Candidate:
    """The outline candidate of a symbol."""
    return Candidate(
        definition.path,
        definition.start_line,
        definition.end_line + 1,
        "outline",
        reason,
        definition.signature or definition.name,
        definition.name,
        definition.container,
        definition.kind,
    )


def lines_of(path: str, start_line: int, end_line: int, reason: str, name: str = "") -> Candidate:
    """The candidate of some lines, the end excluded."""
    return Candidate(path, max(0, start_line), max(0, start_line, end_line), "lines", reason, name=name)
