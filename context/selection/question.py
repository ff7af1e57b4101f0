"""What the code at a cursor asks for: names by weight, words, imports. Plain data; `asking` makes it from a text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mellum_ls.context.languages.symbols import Import
from mellum_ls.context.selection.place import Place


@dataclass(frozen=True, slots=True)
class Wanted:
    """A name whose definition may be of use at the cursor."""

    name: str
    weight: float
    """From 0 to 1: how near to the cursor it is used, or how likely it is used next."""
    imported: bool = False
    """Whether an import statement of the file brings it; its definition is then looked for in what is imported."""
    base: bool = False
    """Whether the class around the cursor is derived from it: its private members may be used too."""
    why: str = "used in this file"
    """Where the weight comes from, in words."""


@dataclass(frozen=True, slots=True)
class Question:
    """All that the sources may go by. Equal texts and cursors make equal questions."""

    place: Place
    grammar: str = ""
    """The name of the grammar; empty for a text of no known language."""
    wanted: tuple[Wanted, ...] = ()
    """The heaviest first; no name twice, and none that the file defines itself."""
    imports: tuple[Import, ...] = ()
    imported_files: tuple[str, ...] = ()
    """Files of the workspace that the file imports, in the order of its import statements."""
    words: Mapping[str, float] = field(default_factory=dict)
    """Sub-words of what stands around the cursor and how much each counts, the most telling first."""

    @property
    def terms(self) -> list[str]:
        """The words alone, for a search."""
        return list(self.words)
