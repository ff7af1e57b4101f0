"""Which class a member belongs to, as far as a text says it: receivers, annotations, constructors, what extends what.

No type checker: where nothing is written, the owner is not known, and who asks has to abstain or to be careful.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from tree_sitter import Node

from mellum_ls.context.edits.occurrences import Key, Occurrence, Source, Step

_TYPE = re.compile(
    r"^[\s:*&]*(?:Optional\[|final\s+)?['\"]?([A-Za-z_]\w*)['\"]?\]?(?:<.*>|\[.*\])?(?:\s*\|\s*(?:None|null|undefined))?\s*$",
    re.S,
)
_MAKES = re.compile(r"^(?:new\s+|await\s+|&)?([A-Za-z_]\w*)\s*(?:<[^()]*>)?\s*[({]")
_WORD = re.compile(r"[A-Za-z_]\w*")
_OWN_THIS = frozenset({"function_declaration", "function_expression", "generator_function_declaration"})
_ARRAYS = re.compile(r"\[\s*\]\s*$|^\s*:?\s*\[\]")


@dataclass(frozen=True, slots=True)
class Owner:
    """What a member is a member of: a class of this name, what this name imports, or nothing that is known."""

    kind: Literal["class", "import", "unknown"]
    name: str = ""


UNKNOWN = Owner("unknown")


def owner(source: Source, occurrence: Occurrence) -> Owner:
    """The owner of a member, or of a field that a literal sets."""
    if occurrence.role == "field_key":
        literal = occurrence.above("composite_literal")
        kind = literal.child_by_field_name("type") if literal is not None else None
        direct = literal is not None and len(occurrence.chain) > 4 and occurrence.chain[4][0] == literal
        return _of_type(source.said(kind)) if direct else UNKNOWN
    place = (occurrence.chain[1][0].type, occurrence.chain[0][1])
    parent = occurrence.chain[1][0]
    field = source.rules.members.get(place)
    receiver = parent.child_by_field_name(field) if field else parent.named_children[0]
    return UNKNOWN if receiver is None else _of_value(source, receiver, occurrence.chain)


def key_of(source: Source, occurrence: Occurrence) -> Key:
    """What an occurrence means, members included; `("free", "", …)` where nothing says it."""
    if occurrence.role in ("member", "field_key"):
        found = owner(source, occurrence)
        if found.kind == "class":
            return ("member", found.name, "")
        return ("free", found.name, "any")
    return source.meaning(occurrence)


def sets_attribute(source: Source, occurrence: Occurrence) -> bool:
    """Whether an attribute of the own object is assigned here, which is how some languages declare it."""
    if occurrence.role != "member":
        return False
    parent, at = occurrence.chain[1]
    around = occurrence.chain[2][0].type if len(occurrence.chain) > 2 else ""
    receiver = parent.child_by_field_name("object")
    own = source.said(receiver) in source.rules.receivers
    return own and at == "left" and around in ("assignment", "assignment_expression")


def is_or_extends(source: Source, name: str, base: str) -> bool:
    """Whether a class is `base`, or says in this file that it extends it."""
    waiting, seen = [name], set[str]()
    while waiting:
        one = waiting.pop()
        if one == base:
            return True
        if one not in seen and len(seen) < 20:
            seen.add(one)
            waiting += bases(source, one)
    return False


def bases(source: Source, name: str) -> list[str]:
    """The names in the head of a class of this file, behind its own."""
    for occurrence in source.occurrences(name):
        if occurrence.role == "bind" and occurrence.kind == "class":
            node = occurrence.chain[occurrence.binder][0]
            body = node.child_by_field_name("body")
            end = body.start_byte if body is not None else node.end_byte
            head = source.text[occurrence.end : end].decode("utf-8", "replace")
            return [word for word in _WORD.findall(head) if word not in ("extends", "implements", name)]
    return []


def declared_type(source: Source, binding: Occurrence) -> str | None:
    """The type that a binding writes or constructs; None where it does neither."""
    node = binding.chain[binding.binder][0]
    around = binding.chain[binding.binder + 1][0] if binding.binder + 1 < len(binding.chain) else None
    kind = node.child_by_field_name("type")
    if kind is None and node.type == "variable_declarator" and around is not None:
        # Java writes it before all declarators.
        kind = around.child_by_field_name("type")
    if kind is not None and source.said(kind) != "var":
        return _named(source.said(kind))
    value = node.child_by_field_name("value") or node.child_by_field_name("right")
    if binding.binder > 1 and node.type not in ("short_var_declaration", "var_spec"):
        # One of several that are taken from a value.
        return None
    return None if value is None else _made(source, value)


def _of_type(written: str) -> Owner:
    name = _named(written)
    return Owner("class", name) if name else UNKNOWN


def _named(written: str) -> str | None:
    if _ARRAYS.search(written):
        return "[]"
    match = _TYPE.match(written)
    return match.group(1) if match else None


def _made(source: Source, value: Node) -> str | None:
    """What a value constructs: `C(…)`, `new C(…)`, `&C{…}`, `NewC(…)`."""
    if value.type == "expression_list":
        if value.named_child_count != 1:
            return None
        value = value.named_children[0]
    match = _MAKES.match(source.said(value)[:200])
    if match is None or not _is_whole_call(value):
        return None
    name = match.group(1)
    if source.grammar.name == "go" and value.type == "call_expression":
        return name[3:] if name.startswith("New") and len(name) > 3 else None
    return name if name[:1].isupper() else None


def _is_whole_call(value: Node) -> bool:
    """Whether a call or literal is all of a value, and of a plain name."""
    if value.type in ("unary_expression", "await_expression", "parenthesized_expression") and value.named_children:
        value = value.named_children[-1]
    called = value.child_by_field_name("function")
    if called is not None:
        return called.type in ("identifier", "type_identifier")
    return value.type in ("new_expression", "object_creation_expression", "composite_literal")


def _of_value(source: Source, node: Node, chain: tuple[Step, ...]) -> Owner:
    said = source.said(node)
    if node.type == "this" or said in source.rules.receivers:
        return _own(source, chain)
    if node.type in ("identifier", "package_identifier", "type_identifier"):
        return _of_name(source, node)
    if node.type == "parenthesized_expression" and node.named_children:
        return _of_value(source, node.named_children[0], chain)
    if (made := _made(source, node)) is not None:
        return Owner("class", made)
    if node.type in ("member_expression", "attribute", "field_access", "selector_expression"):
        return _of_field(source, node)
    return UNKNOWN


def _own(source: Source, chain: tuple[Step, ...]) -> Owner:
    for node, _ in chain:
        if node.type in _OWN_THIS:
            return UNKNOWN
        if node.type in source.rules.classes:
            break
    name = source.class_around(chain)
    return Owner("class", name) if name else UNKNOWN


def _of_name(source: Source, node: Node) -> Owner:
    said = source.said(node)
    here = source.at(node)
    if here is None:
        return UNKNOWN
    bindings = source.bindings(here)
    if not bindings:
        # Not bound here: a class of the same package, or a package.
        return Owner("class", said) if said[:1].isupper() else UNKNOWN
    if bindings[0].kind == "import":
        return Owner("import", said)
    if bindings[0].kind == "class":
        return Owner("class", said)
    types = {declared_type(source, binding) for binding in bindings}
    name = types.pop() if len(types) == 1 else None
    return Owner("class", name) if name else UNKNOWN


def _of_field(source: Source, node: Node) -> Owner:
    """The type of a field, where the file declares it."""
    leaf = node.named_children[-1] if node.named_children else None
    here = source.at(leaf) if leaf is not None else None
    if here is None or here.role != "member":
        return UNKNOWN
    of = owner(source, here)
    if of.kind != "class":
        return UNKNOWN
    types: set[str | None] = set()
    for other in source.occurrences(source.said(leaf)):
        if other.role == "bind" and source.meaning(other) == ("member", of.name, ""):
            types.add(declared_type(source, other))
        elif sets_attribute(source, other) and source.class_around(other.chain) == of.name:
            right = other.chain[2][0].child_by_field_name("right")
            types.add(_assigned(source, right))
    name = types.pop() if len(types) == 1 else None
    return Owner("class", name) if name else UNKNOWN


def _assigned(source: Source, value: Node | None) -> str | None:
    if value is None:
        return None
    if value.type == "identifier" and (here := source.at(value)) is not None:
        bindings = source.bindings(here)
        return declared_type(source, bindings[0]) if len(bindings) == 1 and bindings[0].kind == "parameter" else None
    return _made(source, value)
