"""The programs in a folder, and where in them each name is defined. Reads files; decides nothing about changes."""

from __future__ import annotations

import os
import shutil
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from mellum_ls.context.languages.grammars import Grammar, grammar_of
from mellum_ls.context.languages.outline import outline
from mellum_ls.context.languages.parsing import parse
from mellum_ls.context.languages.symbols import Symbol

# Texts of these are written by people, but no program calls what they define.
_NO_PROGRAMS = {"html", "css", "json", "yaml", "toml", "markdown", "sql"}
_CALLED = ("function", "method")
MOST_BYTES = 400_000
MOST_LINE = 1_000
"""Characters of a line: a longer one was written by a machine."""


@dataclass(frozen=True, slots=True)
class Source:
    """One file, with \\n line ends."""

    path: str
    text: str
    grammar: Grammar


@dataclass(frozen=True, slots=True)
class Place:
    """A definition and the file that it is in."""

    path: str
    symbol: Symbol


class Sources:
    """All programs below a folder by their paths, relative to it and with slashes."""

    def __init__(self, files: Mapping[str, Source]) -> None:
        self.files = files

    @classmethod
    def read(cls, root: Path, paths: Iterable[str] = ()) -> Sources:
        """Those below `root`, or below the files and folders `paths` of it. What cannot be read is left out."""
        found: dict[str, Source] = {}
        for start in [root / path for path in paths] or [root]:
            for path in [start] if start.is_file() else _walk(start):
                source = _source(path, path.relative_to(root).as_posix())
                if source is not None:
                    found[source.path] = source
        return cls(dict(sorted(found.items())))

    def write(self, folder: Path) -> None:
        """Write all of them below `folder`, which is emptied first. Raises OSError."""
        shutil.rmtree(folder, ignore_errors=True)
        for path, source in self.files.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(source.text, encoding="utf-8", newline="\n")

    @cached_property
    def by_name(self) -> Mapping[str, tuple[Place, ...]]:
        """Where each name is defined that others can use, in the order of paths and lines."""
        places: dict[str, list[Place]] = defaultdict(list)
        for path in self.files:
            symbols = self.symbols(path)
            bodies = {f"{one.container}.{one.name}".lstrip(".") for one in symbols if one.kind in _CALLED}
            for symbol in symbols:
                # What a function defines inside is its own.
                if not any(body in bodies for body in _around(symbol.container)):
                    places[symbol.name].append(Place(path, symbol))
        return {name: tuple(found) for name, found in places.items()}

    def symbols(self, path: str) -> tuple[Symbol, ...]:
        """What a file defines; nothing for one that is not here."""
        if path not in self._symbols:
            source = self.files.get(path)
            self._symbols[path] = () if source is None else symbols_of(source)
        return self._symbols[path]

    @cached_property
    def _symbols(self) -> dict[str, tuple[Symbol, ...]]:
        return {}


def _around(container: str) -> Iterator[str]:
    """`A.b` and `A` for `A.b`."""
    while container:
        yield container
        container = container.rpartition(".")[0]


def symbols_of(source: Source) -> tuple[Symbol, ...]:
    """What a text defines."""
    data = source.text.encode()
    tree = parse(data, source.grammar)
    return () if tree is None else outline(data, tree, source.grammar)


def _walk(folder: Path) -> Iterable[Path]:
    for parent, names, files in os.walk(folder):
        names[:] = sorted(name for name in names if not name.startswith(".") and name != "node_modules")
        yield from (Path(parent, name) for name in sorted(files))


def _source(path: Path, relative: str) -> Source | None:
    grammar = grammar_of(relative)
    if grammar is None or grammar.name in _NO_PROGRAMS or path.is_symlink():
        return None
    try:
        if path.stat().st_size > MOST_BYTES:
            return None
        text = path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text or max(map(len, text.split("\n"))) > MOST_LINE:
        return None
    return Source(relative, text, grammar)
