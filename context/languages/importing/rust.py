"""Rust: use trees, `mod` declarations and `extern crate`, with `self` and `super` as seen from the file.

Inside a module that is written in the same file, `super::x` is the file's own `x`: it is given as `self::x`, and the
file of a module declared there as `self::outer::inner`. A file named by an attribute or by `include!` is given by that
name, which ends in `.rs` and so is no path of modules.
"""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from mellum_ls.context.languages.importing.source import Source, ancestors, first, line
from mellum_ls.context.languages.symbols import Import

QUERY = """
(use_declaration) @import
(mod_item !body) @import
(extern_crate_declaration) @import
((macro_invocation macro: (identifier) @_macro) @import (#eq? @_macro "include"))
"""
# Deeper trees of braces are no code that somebody wrote.
_MAX_DEPTH = 24


def read(source: Source, node: Node) -> Iterator[Import]:
    """A use tree gives one import for each path that names are taken from, and one for each `self` in it."""
    name = source.text(node.child_by_field_name("name"))
    if node.type == "extern_crate_declaration" and name:
        yield Import(name, (), (source.text(node.child_by_field_name("alias")) or name,), line(node))
    elif node.type == "mod_item" and name:
        module = _path_attribute(source, node) or "::".join(("self", *_around(source, node), name))
        yield Import(module, (), (name,), line(node))
    elif node.type == "macro_invocation":
        tokens = first(node, "token_tree")
        file = source.literal(first(tokens, "string_literal")) if tokens else ""
        if file.endswith(".rs"):
            yield Import(file, ("*",), ("*",), line(node))
    elif node.type == "use_declaration" and (tree := node.child_by_field_name("argument")) is not None:
        yield from _use(source, tree, _around(source, node))


def _use(source: Source, tree: Node, around: tuple[str, ...]) -> Iterator[Import]:
    taken: dict[tuple[str, ...], list[tuple[str, str, int]]] = {}
    for path, alias, at in _leaves(source, tree, (), 0):
        if len(path) > 1 and path[-1] != "self":
            taken.setdefault(path[:-1], []).append((path[-1], alias or path[-1], at))
        else:
            module = path[:-1] if len(path) > 1 else path
            yield Import("::".join(_seen_from_file(module, around)), (), (alias or module[-1],), at)
    for path, leaves in taken.items():
        names, aliases, lines = zip(*leaves, strict=True)
        yield Import("::".join(_seen_from_file(path, around)), names, aliases, lines[0])


def _leaves(
    source: Source, tree: Node, before: tuple[str, ...], depth: int
) -> Iterator[tuple[tuple[str, ...], str, int]]:
    """The paths of a use tree, each with its alias or an empty string, and its line."""
    if depth > _MAX_DEPTH:
        return
    if tree.type == "use_list":
        for child in tree.named_children:
            yield from _leaves(source, child, before, depth + 1)
    elif tree.type == "scoped_use_list":
        path = before + _segments(source.dense(tree.child_by_field_name("path")))
        if (inner := tree.child_by_field_name("list")) is not None:
            yield from _leaves(source, inner, path, depth + 1)
    elif tree.type == "use_as_clause":
        path = before + _segments(source.dense(tree.child_by_field_name("path")))
        if path:
            yield path, source.text(tree.child_by_field_name("alias")), line(tree)
    elif tree.type in ("use_wildcard", "scoped_identifier", "identifier", "self", "crate", "super"):
        path = before + _segments(source.dense(tree))
        if path:
            yield path, "", line(tree)


def _segments(path: str) -> tuple[str, ...]:
    return tuple(part.removeprefix("r#") for part in path.split("::") if part)


def _around(source: Source, node: Node) -> tuple[str, ...]:
    """The modules of the same text that `node` stands in, outermost first."""
    outer = [around for around in ancestors(node) if around.type == "mod_item"]
    return tuple(source.text(module.child_by_field_name("name")) for module in reversed(outer))


def _seen_from_file(path: tuple[str, ...], around: tuple[str, ...]) -> tuple[str, ...]:
    if not around or path[0] not in ("self", "super"):
        return path
    stay, rest = list(around), list(path[1:] if path[0] == "self" else path)
    while rest and rest[0] == "super" and stay:
        stay.pop()
        rest.pop(0)
    return tuple(rest) if rest and rest[0] == "super" else ("self", *stay, *rest)


def _path_attribute(source: Source, node: Node) -> str:
    before = node.prev_named_sibling
    while before is not None and before.type in ("attribute_item", "line_comment", "block_comment"):
        attribute = first(before, "attribute")
        if attribute is not None and source.text(first(attribute, "identifier")) == "path":
            file = source.literal(attribute.child_by_field_name("value"))
            return file if file.endswith(".rs") else ""
        before = before.prev_named_sibling
    return ""
