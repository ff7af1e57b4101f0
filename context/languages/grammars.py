"""The languages that can be parsed, found by an editor's language id or a file's name.

Each grammar is a wheel of its own and is loaded when it is first wanted: loading all takes a quarter of a second.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import PurePosixPath

from tree_sitter import Language

# name, package, function of the package, file endings | the editors' language ids
_TABLE = """
python      tree_sitter_python      language             py pyi pyw      | python
javascript  tree_sitter_javascript  language             js jsx mjs cjs  | javascript javascriptreact
typescript  tree_sitter_typescript  language_typescript  ts mts cts      | typescript
tsx         tree_sitter_typescript  language_tsx         tsx             | typescriptreact
go          tree_sitter_go          language             go              | go
rust        tree_sitter_rust        language             rs              | rust
java        tree_sitter_java        language             java            | java
c           tree_sitter_c           language             c               | c
cpp         tree_sitter_cpp         language             cc cpp cxx h hh hpp hxx ipp | cpp
csharp      tree_sitter_c_sharp     language             cs csx          | csharp
ruby        tree_sitter_ruby        language             rb rake gemspec | ruby
php         tree_sitter_php         language_php         php phtml       | php
lua         tree_sitter_lua         language             lua             | lua
kotlin      tree_sitter_kotlin      language             kt kts          | kotlin
swift       tree_sitter_swift       language             swift           | swift
scala       tree_sitter_scala       language             scala sc        | scala
bash        tree_sitter_bash        language             sh bash zsh     | shellscript
sql         tree_sitter_sql         language             sql             | sql
html        tree_sitter_html        language             html htm        | html
css         tree_sitter_css         language             css             | css
json        tree_sitter_json        language             json jsonc      | json jsonc
yaml        tree_sitter_yaml        language             yaml yml        | yaml
toml        tree_sitter_toml        language             toml            | toml
markdown    tree_sitter_markdown    language             md markdown     | markdown
"""


@dataclass(frozen=True, slots=True)
class Grammar:
    """One language that can be parsed."""

    name: str
    module: str
    """The grammar's Python package."""
    function: str
    """The function of it that gives the language."""
    endings: tuple[str, ...]
    """File name endings without the dot, in lower case."""
    language_ids: tuple[str, ...]
    """What editors call it (the LSP's `languageId`)."""

    def load(self) -> Language:
        """The language; the same object each time. ImportError where the package is broken or not installed."""
        return _load(self.module, self.function)


@cache
def _load(module: str, function: str) -> Language:
    return Language(getattr(import_module(module), function)())


def _read_table() -> tuple[Grammar, ...]:
    rows = (row.partition("|") for row in _TABLE.strip().splitlines())
    return tuple(
        Grammar(name, module, function, tuple(endings), tuple(ids.split()))
        for (name, module, function, *endings), ids in ((left.split(), right) for left, _, right in rows)
    )


GRAMMARS: tuple[Grammar, ...] = _read_table()
_BY_ENDING = {ending: grammar for grammar in GRAMMARS for ending in grammar.endings}
_BY_ID = {name: grammar for grammar in GRAMMARS for name in grammar.language_ids}


def grammar_of(path: str, language_id: str = "") -> Grammar | None:
    """The grammar for a file, by what the editor calls its language or else by the file's name; None for others."""
    if language_id in _BY_ID:
        return _BY_ID[language_id]
    return _BY_ENDING.get(PurePosixPath(path.replace("\\", "/")).suffix[1:].lower())
