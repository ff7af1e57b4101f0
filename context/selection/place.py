"""What the caller knows of the user: where the cursor is, what is open, where he was and what he changed. Plain data.

Paths are relative to the workspace folder, with slashes; lines count from 0; texts have \\n line ends.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A cursor in a document."""

    path: str
    text: str
    line: int
    column: int = 0
    """String index in the line."""
    language_id: str = ""
    """What the editor calls the language; empty where the file's name must say."""
    visible: tuple[int, int] | None = None
    """The lines that the prompt shows anyway, the end excluded; None where that is all of the document."""

    def shows(self, start_line: int, end_line: int) -> bool:
        """Whether the prompt shows any of these lines of this document anyway; the end is excluded."""
        if self.visible is None:
            return True
        return start_line < self.visible[1] and self.visible[0] < end_line


@dataclass(frozen=True, slots=True)
class OpenFile:
    """Another document that is open in the editor, saved or not."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Visit:
    """A place where the cursor rested."""

    path: str
    line: int


@dataclass(frozen=True, slots=True)
class Edit:
    """Lines that were changed, as they are counted now; the end is excluded."""

    path: str
    start_line: int
    end_line: int


@dataclass(frozen=True, slots=True)
class Recent:
    """What the user did of late, in each list the latest first."""

    edits: tuple[Edit, ...] = ()
    visits: tuple[Visit, ...] = ()
    opened: tuple[str, ...] = ()
    """Paths of the files that were opened, or looked at again."""
