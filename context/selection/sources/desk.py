"""What every source may look into for one question: the index, the texts, what the user did of late."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from mellum_ls.context.index.rows import Definition, Index
from mellum_ls.context.selection.place import Recent
from mellum_ls.context.selection.texts import Texts


def _none(path: str) -> tuple[str, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class Desk:
    """One question's surroundings."""

    index: Index
    texts: Texts
    recent: Recent = field(default_factory=Recent)
    counterparts: Callable[[str], tuple[str, ...]] = _none
    """Tests of a file, the file of a test, the header of a source."""
    _outlines: dict[str, list[Definition]] = field(default_factory=dict)

    def outline(self, path: str) -> list[Definition]:
        """The symbols of a file, looked up once: several sources ask for those of the same files."""
        if path not in self._outlines:
            self._outlines[path] = self.index.outline(path)
        return self._outlines[path]


def folder_of(path: str) -> str:
    """The folder that a file lies in; the root is the empty string."""
    return path.rpartition("/")[0]


def closeness(path: str, other: str) -> float:
    """From 0 to 1: what share of the way to one file is the way to the other."""
    ours, theirs = path.split("/")[:-1], other.split("/")[:-1]
    shared = 0
    for a, b in zip(ours, theirs, strict=False):
        if a != b:
            break
        shared += 1
    return (1 + shared) / (1 + max(len(ours), len(theirs)))
