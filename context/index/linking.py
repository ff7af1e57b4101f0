"""Which file of the workspace imports which, worked out when all files are known and kept true when some change.

Knows what was written in each file (from the tables) and the names of all files; how a language looks for modules is
`workspace/resolve`'s business. Of that it is known here only on whose names an answer can depend.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from mellum_ls.context.index.tables import File, Tables
from mellum_ls.context.languages.symbols import Import
from mellum_ls.context.workspace.resolve.file_names import FileNames, parent, stem
from mellum_ls.context.workspace.resolve.imports import resolve

_CONFIGURATIONS = frozenset(
    ("pyproject.toml", "tsconfig.json", "jsconfig.json", "package.json", "go.mod", "Cargo.toml", "composer.json")
)
MOST_TARGETS = 200
"""Files that one file may import."""
MOST_AT_ONCE = 50
"""Files that come and go together, from which on all imports are looked up again."""
# Files that are meant without being named, by the endings of their languages.
_SCRIPTS = frozenset(("js", "jsx", "mjs", "cjs", "ts", "tsx", "mts", "cts", "json", "vue", "svelte"))
_UNNAMED = {"__init__": frozenset(("py", "pyi")), "index": _SCRIPTS, "main": _SCRIPTS, "init": frozenset(("lua",))}
# Languages in which an import means a folder, or a package whatever its files are called, by the endings of its files.
_JVM = ("java", "kotlin", "scala")
_BY_PACKAGE = {
    **dict.fromkeys(("java", "kt", "kts", "scala", "sc", "groovy"), _JVM),
    "cs": ("csharp",),
    "rs": ("rust",),
}
# In these it matters which folders there are and how much lies in them, whatever it is.
_BY_FOLDER = ("go", "swift")
_WORD = re.compile(r"\w+")
_FILE_NAME = re.compile(r"[\w.-]+")
_AFFIX = re.compile(r"(\w+)\*|\*(\w+)")


class Links:
    """The edges between files. `read_config` gives the text of a small file of the workspace, or None."""

    def __init__(self, tables: Tables, paths: Iterable[str], root_name: str, read_config: Callable[[str], str | None]):
        self._tables = tables
        self._read_config = read_config
        self._files = FileNames(paths, read_config, root_name)
        # The words of all configuration files, and what stands next to a `*` in them; None until they are wanted.
        self._words: tuple[set[str], set[str]] | None = None

    def added(self, path: str) -> None:
        """A file has come, or its text is another."""
        self._files.add(path)

    def removed(self, path: str) -> None:
        """A file has gone."""
        self._files.remove(path)

    def __len__(self) -> int:
        return len(self._files)

    def is_configuration(self, path: str) -> bool:
        """Whether a change of this file can change where modules are looked for."""
        if _is_called_configuration(path):
            self._words = None
            return True
        return path.endswith(".json") and self._is_configured(_base(path))

    def whose(self, came_or_went: Collection[str]) -> set[int] | None:
        """The files whose imports may mean others now that these have come or gone; None for all files.

        To be asked after `added` and `removed`. Never too few: an import that is not looked up again has its answer.
        """
        if len(came_or_went) > MOST_AT_ONCE or any(map(self._may_be_meant_unnamed, came_or_went)):
            return None
        found = self._tables.files_in(_BY_FOLDER) if came_or_went else set()
        for path in came_or_went:
            found |= self._tables.files_in(_BY_PACKAGE.get(_ending(path), ()))
            found |= self._tables.files_that_import(_base(path))
        return found

    def _may_be_meant_unnamed(self, path: str) -> bool:
        """Whether an import may mean this file, or not mean it any more, without a word of its name in it."""
        name, base, folder = stem(path), _base(path), parent(path)
        # `from . import x` in a folder without a package may mean the file that is called like the folder.
        beside = (f"{folder}/{each}" if folder else each for each in (name, base))
        return (
            not _WORD.search(base)
            or _ending(path) in _UNNAMED.get(base, ())
            or any(map(self._files.has_folder, beside))
            or self._is_configured(base)
        )

    def _is_configured(self, base: str) -> bool:
        if self._words is None:
            self._words = self._read_words()
        words, affixes = self._words
        return words.issuperset(_WORD.findall(base)) or base.startswith(tuple(affixes)) or base.endswith(tuple(affixes))

    def _read_words(self) -> tuple[set[str], set[str]]:
        words: set[str] = set()
        affixes: set[str] = set()
        names = sorted({stem(each) for each in _CONFIGURATIONS})
        waiting = [path for name in names for path in self._files.with_stem(name) if _is_called_configuration(path)]
        seen = set(waiting)
        while waiting:
            path = waiting.pop()
            text = self._read_config(path) or ""
            words.update(_WORD.findall(text))
            affixes.update(one or other for one, other in _AFFIX.findall(text))
            if _ending(path) == "json" and stem(path) != "package":
                # A configuration may extend others, whatever they are called.
                others = {name for part in _FILE_NAME.findall(text) for name in self._files.with_stem(_no_json(part))}
                found = sorted(name for name in others - seen if name.endswith(".json"))
                waiting += found
                seen.update(found)
        return words, affixes

    def targets(self, path: str, file: File) -> list[str]:
        """The files that `path`, whose row is `file`, imports: each once, in the order of its imports."""
        return self._meant(path, file, self._tables.imports_of(file.id))

    def all_targets(self, files: Mapping[str, File]) -> Iterator[tuple[File, list[str]]]:
        """`targets` of those of all `files` that import something; nothing is to be written meanwhile."""
        paths = {file.id: path for path, file in files.items()}
        for number, imports in self._tables.all_imports():
            if (path := paths.get(number)) is not None:
                yield files[path], self._meant(path, files[path], imports)

    def _meant(self, path: str, file: File, imports: Iterable[Import]) -> list[str]:
        found: dict[str, None] = {}
        for import_ in imports:
            for target in resolve(import_, path, file.grammar, self._files):
                found[target] = None
        return list(found)[:MOST_TARGETS]


def _is_called_configuration(path: str) -> bool:
    return path.rpartition("/")[2] in _CONFIGURATIONS


def _base(path: str) -> str:
    """What an import that names this file has in it, whatever endings it has: `x` for `a/x.d.ts`."""
    return path.rpartition("/")[2].partition(".")[0]


def _no_json(name: str) -> str:
    return name.removesuffix(".json")


def _ending(path: str) -> str:
    return path.rpartition("/")[2].rpartition(".")[2].lower()
