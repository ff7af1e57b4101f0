"""What every source may look into for one question: the index, the texts, what the user did of late."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from mellum_ls.context.index.rows import Definition, Index
from mellum_ls.context.languages.grammars import grammar_of
from mellum_ls.context.selection.affinity import by_use, is_private
from mellum_ls.context.selection.place import Recent
from mellum_ls.context.selection.texts import Texts

_FEW_SYMBOLS = 3
_BARREL = re.compile(r"(?:^|/)(?:__init__|index|mod|exports?)\.\w+$")


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
    _public: dict[str, list[Definition]] = field(default_factory=dict)

    def outline(self, path: str) -> list[Definition]:
        """The symbols of a file, looked up once: several sources ask for those of the same files."""
        if path not in self._outlines:
            self._outlines[path] = self.index.outline(path)
        return self._outlines[path]

    def passed_on(self, path: str) -> list[str]:
        """The files whose names a file passes on: it imports them and defines next to nothing itself."""
        if sum(not item.container for item in self.outline(path)) > _FEW_SYMBOLS and not _BARREL.search(path):
            return []
        return self.index.imported_by(path)

    def public(self, path: str, words: Mapping[str, float]) -> list[Definition]:
        """The symbols of a file that others may use, the likeliest for `words` first; `words` are the question's."""
        if path not in self._public:
            found = [item for item in self.outline(path) if not is_private(item.name)]
            self._public[path] = by_use(found, words)
        return self._public[path]


def folder_of(path: str) -> str:
    """The folder that a file lies in; the root is the empty string."""
    return path.rpartition("/")[0]


@lru_cache(maxsize=32_768)
def family_of(path: str, language_id: str = "") -> str:
    """The languages whose files use each other's names, by one of them; empty where it is not known."""
    grammar = grammar_of(path, language_id)
    name = grammar.name if grammar else ""
    if name in ("typescript", "tsx"):
        return "javascript"
    if name in ("kotlin", "scala"):
        return "java"
    return "c" if name == "cpp" else name


@lru_cache(maxsize=32_768)
def closeness(path: str, other: str) -> float:
    """From 0 to 1: what share of the way to one file is the way to the other."""
    ours, theirs = path.split("/")[:-1], other.split("/")[:-1]
    shared = 0
    for a, b in zip(ours, theirs, strict=False):
        if a != b:
            break
        shared += 1
    return (1 + shared) / (1 + max(len(ours), len(theirs)))
