"""The queries of a grammar: files in tree-sitter's query language, compiled once. Knows nothing of trees.

What a capture means is said by who reads it: definitions.py for `<language>.scm`, names.py for `uses/<language>.scm`.
No query has a predicate on text: a text that is parsed through a callback leaves none in its tree.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from tree_sitter import Query

from mellum_ls.context.languages.grammars import Grammar

# Grammars that share a file with another one; all others have one of their name.
_SHARED = {
    "javascript": ("ecmascript", "javascript"),
    "typescript": ("ecmascript", "typescript"),
    "tsx": ("ecmascript", "typescript"),
    "cpp": ("cpp", "c"),
}
_OTHER_CAPTURE = re.compile(r"@(?!name\b)\w+")
_FOLDER = files("mellum_ls.context.languages") / "queries"


@cache
def definitions_query(grammar: Grammar) -> Query:
    """What a text defines. ImportError where the grammar's package is missing."""
    return Query(grammar.load(), "\n".join(_read(f"{name}.scm") for name in _SHARED.get(grammar.name, (grammar.name,))))


@cache
def uses_query(grammar: Grammar) -> Query:
    """The names in a text (`@use`), and those among them that are bound where they stand (`@bound`)."""
    names = _SHARED.get(grammar.name, (grammar.name,))
    # What a definition is called is bound there: one pass over the tree instead of two.
    defined = [_OTHER_CAPTURE.sub("", _read(f"{name}.scm")).replace("@name", "@bound") for name in names]
    return Query(grammar.load(), "\n".join([*_uses(grammar), *defined]))


@cache
def whole_query(grammar: Grammar) -> Query:
    """Definitions and uses in one pass over a tree; what definitions are called is not marked as bound."""
    names = _SHARED.get(grammar.name, (grammar.name,))
    return Query(grammar.load(), "\n".join([*(_read(f"{name}.scm") for name in names), *_uses(grammar)]))


def _uses(grammar: Grammar) -> list[str]:
    names = _SHARED.get(grammar.name, (grammar.name,))
    return [_leaves(grammar), *(text for name in names if (text := _read(f"uses/{name}.scm")))]


def _read(name: str) -> str:
    path = _FOLDER.joinpath(name)
    return path.read_text(encoding="utf-8") if path.is_file() else ""


# The leaves that are names, over all grammars.
_NAME_KINDS = {
    *("identifier", "simple_identifier", "type_identifier", "field_identifier", "name", "constant", "id_name"),
    *("property_identifier", "private_property_identifier", "shorthand_property_identifier"),
    *("namespace_identifier", "package_identifier", "instance_variable", "class_variable", "global_variable"),
}


def _leaves(grammar: Grammar) -> str:
    language = grammar.load()
    kinds = {
        kind
        for number in range(language.node_kind_count)
        if language.node_kind_is_named(number) and (kind := language.node_kind_for_id(number)) in _NAME_KINDS
    }
    if "simple_identifier" in kinds:
        # Swift's `identifier` is a path of simple ones.
        kinds.discard("identifier")
    return "\n".join(f"({kind}) @use" for kind in sorted(kinds))
