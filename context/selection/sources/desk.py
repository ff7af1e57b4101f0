"""What every source may look into: the index, the texts, what the user did of late. Holds no state of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from mellum_ls.context.index.rows import Index
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
