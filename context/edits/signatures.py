"""What a function takes and what a call gives it, as lists. Reads nodes; decides nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tree_sitter import Node

from mellum_ls.context.edits.occurrences import Occurrence, Source

_COMMENTS = frozenset({"comment", "line_comment", "block_comment"})
_SPREADS = frozenset({"list_splat", "dictionary_splat", "spread_element", "variadic_argument"})
_GATHER = frozenset(
    {
        "list_splat_pattern",
        "dictionary_splat_pattern",
        "rest_pattern",
        "spread_parameter",
        "variadic_parameter_declaration",
    }
)
FUNCTIONS = frozenset(
    [
        "function_definition",
        "function_declaration",
        "generator_function_declaration",
        "method_definition",
        "method_declaration",
        "constructor_declaration",
        "arrow_function",
        "function_expression",
        "function_signature",
        "method_signature",
        "abstract_method_signature",
        "method_elem",
    ]
)
"""Nodes that have parameters and a name, or a place that names them."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One that a caller gives."""

    name: str
    """Empty for a pattern."""
    type: str
    has_default: bool
    gathers: bool = False
    """Whether it takes any number of arguments."""
    keyword_only: bool = False
    positional_only: bool = False


@dataclass(frozen=True, slots=True)
class Argument:
    """One of a call."""

    text: str
    start: int
    end: int
    keyword: str = ""
    value: str = ""
    """Without the keyword."""
    spreads: bool = False


def parameters(source: Source, function: Node, *, bound: bool) -> list[Parameter] | None:
    """What callers give, in order; None where that is not said by names. `bound`: without the receiver of a method that
    declares it as its first parameter."""
    node = function.child_by_field_name("parameters")
    if node is None:
        return None
    found: list[Parameter] = []
    keyword_only = False
    for child in node.named_children:
        if child.type in _COMMENTS:
            continue
        if child.type == "keyword_separator":
            keyword_only = True
        elif child.type == "positional_separator":
            found = [Parameter(p.name, p.type, p.has_default, p.gathers, False, True) for p in found]
        else:
            read = _read(source, child, keyword_only)
            if read is None:
                return None
            found += read
            keyword_only = keyword_only or (source.grammar.name == "python" and read[0].gathers)
    return found[1:] if bound and source.grammar.name == "python" else found


def _read(source: Source, node: Node, keyword_only: bool) -> list[Parameter] | None:
    if node.type == "identifier":
        return [Parameter(source.said(node), "", False, False, keyword_only)]
    inner = node.named_children[0] if node.named_children else None
    if node.type in _GATHER or (inner is not None and inner.type in _GATHER):
        return [Parameter("", "", False, True)]
    pattern = node.child_by_field_name("pattern")
    if pattern is not None and pattern.type == "rest_pattern":
        return [Parameter("", "", False, True)]
    kind = source.said(node.child_by_field_name("type")).lstrip(": ")
    names = node.children_by_field_name("name") or [n for n in (pattern, node.child_by_field_name("left")) if n]
    if not names and node.type == "typed_parameter" and inner is not None:
        names = [inner]
    if node.type == "receiver_parameter" or not names:
        return None
    default = node.type == "optional_parameter" or any(
        node.child_by_field_name(field) is not None for field in ("value", "right")
    )
    if any(name.type not in ("identifier", "this") for name in names):
        return [Parameter("", kind, default, False, keyword_only)]
    return [Parameter(source.said(name), kind, default, False, keyword_only) for name in names]


def arguments(source: Source, call: Node) -> tuple[Node, list[Argument]] | None:
    """The list of a call's arguments; None where there is none in brackets."""
    node = call.child_by_field_name("arguments")
    if node is None or node.type not in ("argument_list", "arguments"):
        return None
    found = []
    for child in node.named_children:
        if child.type in _COMMENTS or child.type == "ERROR":
            return None
        said = source.said(child)
        if child.type == "keyword_argument":
            name, value = (source.said(child.child_by_field_name(field)) for field in ("name", "value"))
            found.append(Argument(said, child.start_byte, child.end_byte, name, value))
        else:
            spreads = child.type in _SPREADS
            found.append(Argument(said, child.start_byte, child.end_byte, "", said, spreads))
    text = source.text[node.start_byte : node.end_byte]
    return (node, found) if text.startswith(b"(") and text.endswith(b")") else None


CallKind = Literal["plain", "bound"]


def call_of(source: Source, one: Occurrence) -> Node | None:
    """The call whose callee a name is; None where it is mentioned only."""
    called = source.rules.calls
    (parent, at), place = (one.chain[1][0], one.chain[0][1]), 1
    if called.get(parent.type) == at:
        return parent
    while place < 3 and parent.type in ("attribute", "member_expression", "selector_expression", "generic_type"):
        at = one.chain[place][1]
        place += 1
        parent = one.chain[place][0]
        if called.get(parent.type) == at:
            return parent
    return None


def name_node(function: Node) -> Node | None:
    """Where a function is named, be it by what it is assigned to."""
    named = function.child_by_field_name("name")
    around = function.parent
    if function.type in ("arrow_function", "function_expression") and around is not None:
        if around.type == "variable_declarator":
            return around.child_by_field_name("name")
        if around.type in ("public_field_definition", "field_definition"):
            return around.child_by_field_name("name") or around.child_by_field_name("property")
    return named
