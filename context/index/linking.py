"""Which file of the workspace imports which, worked out when all files are known and kept true when some change.

Knows what was written in each file (from the tables) and the names of all files; how a language looks for modules is
`workspace/resolve`'s business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from mellum_ls.context.index.tables import File, Tables
from mellum_ls.context.workspace.resolve.file_names import FileNames
from mellum_ls.context.workspace.resolve.imports import resolve

_CONFIGURATIONS = frozenset(
    ("pyproject.toml", "tsconfig.json", "jsconfig.json", "package.json", "go.mod", "Cargo.toml")
)
MOST_TARGETS = 200
"""Files that one file may import."""


class Links:
    """The edges between files. `read_config` gives the text of a small file of the workspace, or None."""

    def __init__(self, tables: Tables, paths: Iterable[str], root_name: str, read_config: Callable[[str], str | None]):
        self._tables = tables
        self._files = FileNames(paths, read_config, root_name)

    def added(self, path: str) -> None:
        """A file has come, or its text is another."""
        self._files.add(path)

    def removed(self, path: str) -> None:
        """A file has gone."""
        self._files.remove(path)

    def __len__(self) -> int:
        return len(self._files)

    @staticmethod
    def is_configuration(path: str) -> bool:
        """Whether a change of this file can change where modules are looked for."""
        return path.rpartition("/")[2] in _CONFIGURATIONS

    def targets(self, path: str, file: File) -> list[str]:
        """The files that `path`, whose row is `file`, imports: each once, in the order of its imports."""
        found: dict[str, None] = {}
        for import_ in self._tables.imports_of(file.id):
            for target in resolve(import_, path, file.grammar, self._files):
                found[target] = None
        return list(found)[:MOST_TARGETS]
