"""What the index answers, and what may be asked of it. Paths are relative to the workspace folder, with slashes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from mellum_ls.context.languages.symbols import Kind


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some lines of a file. Lines count from 0, the end is excluded. The text is not kept: it is read when needed."""

    path: str
    start_line: int
    end_line: int


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk that was found by its words."""

    chunk: Chunk
    score: float
    """How much the words say that were found in it, higher is better; comparable within one answer only."""


class Definition(NamedTuple):
    """A symbol of the index, as in `Symbol`. A tuple, because a question reads hundreds of them."""

    path: str
    name: str
    kind: Kind
    start_line: int
    end_line: int
    """Part of it."""
    signature: str
    doc: str
    container: str


class Index(Protocol):
    """What selection asks. Answers are of the last state that was written whole; none waits for the builder."""

    def search(self, terms: Sequence[str], limit: int, without: Collection[str] = ()) -> list[Hit]:
        """The best chunks for `terms` (sub-words, see terms.py), best first, none from the files `without`."""

    def definitions(self, names: Collection[str], limit_per_name: int = 8) -> list[Definition]:
        """Where the symbols called `names` are defined; ordered by name, path and line.

        Names that are defined in very many places say nothing and are left out.
        """

    def outline(self, path: str) -> list[Definition]:
        """The symbols of a file in their order; empty when the file is not in the index."""

    def users(self, name: str, limit: int = 50) -> list[str]:
        """Paths of the files that use `name`, ordered by path."""

    def imported_by(self, path: str) -> list[str]:
        """Paths of the files of the workspace that the file imports, in the order of its import statements."""

    def importers_of(self, path: str, limit: int = 50) -> list[str]:
        """Paths of the files that import it, ordered by path."""

    def cochanged(self, path: str, limit: int = 10) -> list[tuple[str, int]]:
        """Paths of the files that changed in the same commits and how often, most often first."""

    def files_in(self, folder: str) -> list[str]:
        """Paths of the files that lie directly in a folder, ordered; the root is the empty string."""

    def has(self, path: str) -> bool:
        """Whether the file is in the index."""
