"""Python: `import` and `from`, wherever in the text they stand. `__future__` is no module."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from mellum_ls.context.languages.importing.source import Source, first, line
from mellum_ls.context.languages.symbols import Import

QUERY = "(import_statement) @import (import_from_statement) @import"


def read(source: Source, node: Node) -> Iterator[Import]:
    """`import a, b.c as d` is two imports; `from x import *` takes the name `*`."""
    named = [_name(source, child) for child in node.children_by_field_name("name")]
    if node.type == "import_statement":
        for module, alias in named:
            yield Import(module, (), (alias,), line(node))
        return
    if first(node, "wildcard_import") is not None:
        named = [("*", "*")]
    names, aliases = (tuple(pair[side] for pair in named if pair[0]) for side in (0, 1))
    # Without a name it is a statement that is still being written.
    if names:
        yield Import(_dotted(source, node.child_by_field_name("module_name")), names, aliases, line(node))


def _name(source: Source, node: Node) -> tuple[str, str]:
    name = _dotted(source, node.child_by_field_name("name") if node.type == "aliased_import" else node)
    return name, source.text(node.child_by_field_name("alias")) or name


def _dotted(source: Source, node: Node | None) -> str:
    """A name without what may stand between its parts: white space and backslashes."""
    return source.dense(node).replace("\\", "")
