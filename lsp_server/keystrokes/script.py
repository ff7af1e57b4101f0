"""What is typed in a benchmark, whoever it comes from: documents, edits, caret moves, and the pauses between them.

Knows neither the formats that it is read from nor the server that it is played into.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from mellum_ls.lsp_server.keystrokes.utf16_text import Replacement
from mellum_ls.runtime.errors import MellumError


class BadScript(MellumError):
    """What should be typed cannot be read, or there is nothing in it to ask for; the message names it."""


@dataclass(frozen=True, slots=True)
class Open:
    """A document is opened, or all of an open one is replaced by `text`."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """An edit. A completion is asked for at `caret`, a UTF-16 offset behind the edit; None asks for nothing."""

    path: str
    replacements: tuple[Replacement, ...]
    caret: int | None


@dataclass(frozen=True, slots=True)
class Move:
    """The caret goes to `end`, with what lies between it and `start` selected: UTF-16 offsets."""

    path: str
    start: int
    end: int


Action = Open | Change | Move


@dataclass(frozen=True, slots=True)
class Step:
    """One action and the time until the next one, in seconds."""

    action: Action
    pause_s: float


@dataclass(frozen=True, slots=True)
class Script:
    """Everything that is typed, in order.

    `files` are the workspace as it is before, by path. All paths are relative to it, with forward slashes, and stay
    inside it.
    """

    name: str
    files: Mapping[str, str]
    steps: Sequence[Step]

    @property
    def asked(self) -> int:
        """How many completions are asked for."""
        return sum(isinstance(step.action, Change) and step.action.caret is not None for step in self.steps)

    def others(self) -> list[str]:
        """Paths of the files that nobody types in and that are not blank, the smallest first."""
        changed = {step.action.path for step in self.steps if isinstance(step.action, Change)}
        paths = [path for path, text in self.files.items() if path not in changed and text.strip()]
        return sorted(paths, key=lambda path: (len(self.files[path]), path))


def inside(path: str) -> str:
    """`path` with forward slashes. Raises BadScript when it leads out of the workspace or nowhere."""
    found = PurePosixPath(path.replace("\\", "/"))
    if found.is_absolute() or ".." in found.parts or not found.parts or ":" in found.parts[0] or "\0" in path:
        raise BadScript(f"the path {path!r} leads out of the workspace; paths must be relative to it")
    return found.as_posix()
