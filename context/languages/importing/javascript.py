"""JavaScript and TypeScript: import, re-export, `require` and `import()` with a literal, types included."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice

from tree_sitter import Node

from mellum_ls.context.languages.importing.source import Source, first, line
from mellum_ls.context.languages.symbols import Import

STATEMENTS = """
(import_statement) @import
(export_statement source: (_)) @import
"""
QUERY = f"""{STATEMENTS}
(call_expression function: (import)) @import
((call_expression function: (identifier) @_function) @import (#eq? @_function "require"))
"""
# What a call that imports begins with; also in comments and strings.
_CALLED = re.compile(rb"\brequire\b|\bimport(?=\s*[(/])")
_MOST_CALLED = 1000
"""Places to look at one by one: where there are more, the parser's own search is quicker."""
# What may stand between a call and the variable that gets its value.
_TRANSPARENT = ("await_expression", "parenthesized_expression", "as_expression")


def calls(text: bytes, root: Node) -> list[Node] | None:
    """The calls that import something, wherever they stand; None where so much looks like one that QUERY is quicker.

    To search the tree for them takes a third as long as to parse it, and most texts have few or none.
    """
    places = [match.span() for match in islice(_CALLED.finditer(text), _MOST_CALLED + 1)]
    if len(places) > _MOST_CALLED:
        return None
    found = (_call_of(root, *place) for place in places)
    return [call for call in found if call is not None]


def _call_of(root: Node, start: int, end: int) -> Node | None:
    """The call whose function is what stands there, neither more nor less."""
    called = root.descendant_for_byte_range(start, end)
    if called is not None and not called.is_named:
        called = called.parent  # a keyword in a node of its own
    call = called.parent if called is not None and called.byte_range == (start, end) else None
    is_call = call is not None and call.type == "call_expression" and call.child_by_field_name("function") == called
    return call if is_call else None


def read(source: Source, node: Node) -> Iterator[Import]:
    """The default export is the name `default`; what is imported for its side effects has neither names nor aliases."""
    if node.type == "call_expression":
        yield from _call(source, node)
        return
    where = node.child_by_field_name("source")
    clause = first(node, "import_clause", "import_require_clause", "export_clause", "namespace_export")
    if clause is not None and clause.type == "import_require_clause":
        where = clause.child_by_field_name("source")
    module = source.literal(where)
    if not module:
        return
    if clause is None:
        star = ("*",) if node.type == "export_statement" else ()
        yield Import(module, star, star, line(node))
    elif clause.type in ("import_require_clause", "namespace_export"):
        yield Import(module, (), (_called(source, clause),), line(node))
    elif clause.type == "export_clause":
        yield _of(module, _specifiers(source, clause), line(node))
    else:
        yield from _clause(source, clause, module)


def _clause(source: Source, clause: Node, module: str) -> Iterator[Import]:
    pairs: list[tuple[str, str]] = []
    for child in clause.named_children:
        if child.type == "identifier":
            pairs.append(("default", source.text(child)))
        elif child.type == "named_imports":
            pairs += _specifiers(source, child)
        elif child.type == "namespace_import":
            yield Import(module, (), (_called(source, child),), line(clause))
    if pairs or first(clause, "named_imports"):
        yield _of(module, pairs, line(clause))


def _specifiers(source: Source, node: Node) -> list[tuple[str, str]]:
    pairs = []
    for child in node.named_children:
        name = source.text(child.child_by_field_name("name"))
        pairs.append((name, source.text(child.child_by_field_name("alias")) or name))
    return [pair for pair in pairs if pair[0]]


def _called(source: Source, node: Node) -> str:
    return source.text(node.named_children[0]) if node.named_children else ""


def _call(source: Source, node: Node) -> Iterator[Import]:
    arguments = node.child_by_field_name("arguments")
    module = source.literal(arguments.named_children[0]) if arguments and arguments.named_children else ""
    if not module:
        return
    name, value = "", node
    while (around := value.parent) is not None and around.type in (*_TRANSPARENT, "member_expression"):
        if around.type == "member_expression":
            name = name or source.text(around.child_by_field_name("property"))
        value = around
    target = around.child_by_field_name("name") if around and around.type == "variable_declarator" else None
    if target is not None and target.type == "object_pattern" and not name:
        yield _of(module, _pattern(source, target), line(node))
    elif target is not None and target.type == "identifier":
        yield Import(module, (name,) if name else (), (source.text(target),), line(node))
    else:
        yield Import(module, (name,) if name else (), (name,) if name else (), line(node))


def _pattern(source: Source, pattern: Node) -> Iterator[tuple[str, str]]:
    for child in pattern.named_children:
        if child.type == "shorthand_property_identifier_pattern":
            yield source.text(child), source.text(child)
        elif child.type == "pair_pattern":
            yield source.text(child.child_by_field_name("key")), source.text(child.child_by_field_name("value"))


def _of(module: str, pairs: Iterable[tuple[str, str]], at: int) -> Import:
    both = list(pairs)
    return Import(module, tuple(name for name, _ in both), tuple(alias for _, alias in both), at)
