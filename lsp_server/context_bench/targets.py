"""What an added line is made of: names of its own file, of the repository, of the same change, or of neither.

`inproject` lines are what a context engine is for: a name on them is defined in another file. A guess at what a name
means is made only where the text says so: it is imported, or called on something, or the name of a type.
"""

from __future__ import annotations

import builtins
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from mellum_ls.context.languages.imports import imports
from mellum_ls.context.languages.names import uses
from mellum_ls.context.languages.parsing import parse
from mellum_ls.context.languages.symbols import Import, Use
from mellum_ls.context.workspace.resolve.file_names import FileNames
from mellum_ls.context.workspace.resolve.imports import resolve
from mellum_ls.lsp_server.context_bench.sources import Place, Source, Sources

Kind = Literal["inproject", "committed", "infile", "common"]
How = Literal["top", "member", "top or member"]
"""At the top of a file, or inside of something."""
MOST_DEFINITIONS = 3
"""A name that is defined more often says little about which one is meant."""
LEAST_CHARS = 3
_ANY_LANGUAGE = """
abort addEventListener add all any append apply assign bind call catch cause clear clone close concat constructor copy
count create data delete each emit entries equals error every exec exit filter find first flat flush forEach format
forward from fromEntries get getOwnPropertyNames has hash hashCode id includes index indexOf info init insert instance
isArray items join json key keys last len length list load lock log lower map match max message min name next notify
now of on once open options parse path pop pow prepend process promise prototype push put raise read reduce reject
remove removeEventListener replace reset resolve result return reverse round run save send set shift signal size slice
some sort split start state status stop string stringify submit sub sum tap test text then throw title toString trim
type union unshift update upper url valid value valueOf values wait warn with wrap write zip
"""
_IMPORTING = re.compile(r"^(?:import|from|export\s.*\bfrom|use|using|package|#include|.*\brequire\()\b")
# What a name is called on: `nx` of `nx.shortest_path`, `this.input` counts as `input`.
_RECEIVER = re.compile(rb"([\w\x80-\xff]*[)\]]?)\??(?:\.|->|::)\s*$")
_RECEIVER_BYTES = 80
# Languages in which every name from another file is imported.
_IMPORTS_ALL = {"python", "javascript", "typescript", "tsx"}


def _common_names() -> frozenset[str]:
    """Names that the languages' own types have: `x.append` is rarely the repository's."""
    types = (str, bytes, list, dict, set, tuple, int, float, complex, object, BaseException, type, property)
    own = {name for kind in types for name in dir(kind)} | set(dir(builtins))
    return frozenset(own | set(_ANY_LANGUAGE.split()))


COMMON = _common_names()


@dataclass(frozen=True, slots=True)
class Target:
    """What a line is, and for `inproject` the name and where the old tree defines it."""

    kind: Kind
    name: str = ""
    places: tuple[Place, ...] = ()


class Reader:
    """Reads the lines of one changed file: `source` is its new text, `old` and `new` are all files before and after."""

    def __init__(self, source: Source, old: Sources, new: Sources, names: FileNames) -> None:
        """`names` are the paths of both."""
        self._source, self._old, self._new, self._names = source, old, new, names
        self._data = source.text.encode()
        tree = parse(self._data, source.grammar)
        self._own = {symbol.name for sources in (old, new) for symbol in sources.symbols(source.path)}
        found = () if tree is None else imports(self._data, tree, source.grammar)
        self._imported = {
            alias: (name, resolve(statement, source.path, source.grammar.name, names))
            for alias, statement, name in _aliases(found)
        }
        self._lines = source.text.split("\n")
        self._uses: dict[int, list[Use]] = defaultdict(list)
        for use in () if tree is None else uses(self._data, tree, source.grammar):
            self._uses[use.line].append(use)

    def target(self, line: int) -> Target:
        """What the line, counted from 0, is."""
        if _IMPORTING.match(self._lines[line].strip()):
            return Target("common")
        seen = [self._meant(use) for use in self._uses[line]]
        by_kind = {found.kind: found for found in reversed(seen)}
        order: tuple[Kind, ...] = ("committed", "inproject", "infile")
        return next((by_kind[kind] for kind in order if kind in by_kind), Target("common"))

    def _meant(self, use: Use) -> Target:
        if use.name in self._own:
            return Target("infile")
        name, files = self._imported.get(use.name, (use.name, ()))
        how = self._how(use)
        if how is None:
            return Target("common")
        if files and not any(path in self._old.files for path in files):
            return Target("committed", name or use.name)
        everywhere = self._elsewhere(self._old, name or use.name, how)
        # The import leads to the file, or to one that passes the name on.
        places = tuple(place for place in everywhere if place.path in files) or everywhere
        if 0 < len(places) <= MOST_DEFINITIONS:
            return Target("inproject", name or use.name, places)
        if not places and self._elsewhere(self._new, name or use.name, how):
            return Target("committed", name or use.name)
        return Target("common")

    def _how(self, use: Use) -> How | None:
        """What the name must be defined as; None where nothing tells what it means, or that it is another package's."""
        before = _RECEIVER.search(self._data[max(0, use.start_byte - _RECEIVER_BYTES) : use.start_byte])
        known = use.name if before is None else before[1].decode(errors="replace")
        if known in self._imported:
            inside = bool(self._imported[known][1])
            return ("top" if before is None else "top or member") if inside else None
        if use.name in COMMON or len(use.name) < LEAST_CHARS:
            return None
        if before is not None:
            return "member"
        seen_without_import = self._source.grammar.name not in _IMPORTS_ALL
        return "top" if seen_without_import and use.name[0].isupper() and not use.name.isupper() else None

    def _elsewhere(self, sources: Sources, name: str, how: How) -> tuple[Place, ...]:
        """Definitions in other files of the language."""
        wanted = _family(self._source.grammar.name)
        return tuple(
            place
            for place in sources.by_name.get(name, ())
            if place.path != self._source.path
            and _family(sources.files[place.path].grammar.name) == wanted
            and ("member" if place.symbol.container else "top") in how
        )


def _aliases(found: Iterable[Import]) -> Iterable[tuple[str, Import, str]]:
    """What each imported name is called here, its statement, and its own name; no name for a whole module."""
    for statement in found:
        if statement.names:
            for name, alias in zip(statement.names, statement.aliases or statement.names, strict=False):
                yield alias, statement, name
        else:
            yield from ((alias, statement, "") for alias in statement.aliases)


def _family(grammar: str) -> str:
    """Languages that call each other by name."""
    groups = (("javascript", "typescript", "tsx"), ("java", "kotlin", "scala"), ("c", "cpp"))
    return next((group[0] for group in groups if grammar in group), grammar)
