"""Languages whose modules are dotted names of packages: Java, Kotlin, Scala, C#, Swift."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from mellum_ls.context.languages.importing.source import Source, first, line
from mellum_ls.context.languages.symbols import Import

JAVA = "(import_declaration) @import"
KOTLIN = "(import) @import"
SCALA = "(import_declaration) @import"
CSHARP = "(using_directive) @import"
SWIFT = "(import_declaration) @import"
_WILDCARDS = ("*", "_")


def read_java(source: Source, node: Node) -> Iterator[Import]:
    """A class is a module; a static import takes a name from its class, a wildcard the name `*`."""
    path = source.dense(first(node, "scoped_identifier", "identifier"))
    if not path:
        return
    if first(node, "asterisk") is not None:
        yield Import(path, ("*",), ("*",), line(node))
    elif first(node, "static") is not None:
        owner, _, name = path.rpartition(".")
        yield Import(owner, (name,), (name,), line(node))
    else:
        yield Import(path, (), (_last(path),), line(node))


def read_kotlin(source: Source, node: Node) -> Iterator[Import]:
    """What the last name of a path is (a class, a function, a property) is not written in the import."""
    path = source.dense(first(node, "qualified_identifier", "identifier"))
    if not path:
        return
    if first(node, "*") is not None:
        yield Import(path, ("*",), ("*",), line(node))
    else:
        alias = first(node, "identifier") if first(node, "as") is not None else None
        yield Import(path, (), (source.text(alias) or _last(path),), line(node))


def read_scala(source: Source, node: Node) -> Iterator[Import]:
    """`import a.b.C, x.{Y => Z, _}` is two imports; what a selector hides is left out."""
    path: list[str] = []
    for child in (*node.children, None):
        if child is None or child.type == ",":
            if path:
                yield Import(".".join(path), (), (path[-1],), line(node))
            path = []
        elif child.type in ("namespace_selectors", "namespace_wildcard", "arrow_renamed_identifier") or (
            child.type == "as_renamed_identifier"
        ):
            selectors = child.named_children if child.type == "namespace_selectors" else [child]
            pairs = [pair for selector in selectors if (pair := _selector(source, selector))[0]]
            if path and pairs:
                yield Import(".".join(path), tuple(p[0] for p in pairs), tuple(p[1] for p in pairs), line(node))
            path = []
        elif child.is_named:
            path += source.dense(child).split(".")


def _selector(source: Source, node: Node) -> tuple[str, str]:
    if node.type == "namespace_wildcard":
        return "*", "*"
    name = source.text(node.child_by_field_name("name")) or source.text(node)
    alias = source.text(node.child_by_field_name("alias")) or name
    if name in _WILDCARDS:
        return "*", "*"
    return ("", "") if alias == "_" else (name, alias)


def read_csharp(source: Source, node: Node) -> Iterator[Import]:
    """`using` takes all of a namespace or, with `static`, of a class; with `=` it names one thing."""
    alias = source.text(node.child_by_field_name("name"))
    named = [child for child in node.named_children if not (alias and source.text(child) == alias)]
    path = source.dense(named[-1]).partition("<")[0] if named else ""
    path = path.removeprefix("global::")
    if not path:
        return
    if alias:
        yield Import(path, (), (alias,), line(node))
    else:
        yield Import(path, ("*",), ("*",), line(node))


def read_swift(source: Source, node: Node) -> Iterator[Import]:
    """`import struct A.B` takes `B` from the module `A`; `import A` takes all that it has."""
    module, _, name = source.dense(first(node, "identifier")).partition(".")
    if module:
        yield Import(module, (name,) if name else ("*",), (_last(name),) if name else ("*",), line(node))


def _last(path: str) -> str:
    return path.rpartition(".")[2]
