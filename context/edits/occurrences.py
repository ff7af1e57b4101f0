"""The places where a name stands in a text, and which of them mean the same thing: scopes, shadowing, members.

Asked for one name at a time, so that the cost is that of the places and not of the text. Knows one file only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

from tree_sitter import Node, Tree

from mellum_ls.context.edits.binding_rules import RULES, BindingKind, BindingRules
from mellum_ls.context.edits.syntax import reparse
from mellum_ls.context.languages.grammars import Grammar, grammar_of
from mellum_ls.context.languages.parsing import parse

Role = Literal["bind", "use", "member", "key", "import_name", "field_key"]
"""Bound here; looked up in the scopes; a member of a receiver; a label; the original of an import that is renamed; the
key of a field in a literal."""
Namespace = Literal["value", "type", "method", "any"]
Key = tuple[str, int | str, str]
"""What a name means: `("scope", node, namespace)`, `("member", class, "")`; `("free", "", namespace)` where the file
does not bind it."""

MOST_OCCURRENCES = 2_000
_LEAVES = frozenset(
    [
        "identifier",
        "type_identifier",
        "field_identifier",
        "property_identifier",
        "private_property_identifier",
        "package_identifier",
        "shorthand_property_identifier",
        "shorthand_property_identifier_pattern",
    ]
)
_SHORTHANDS = frozenset({"shorthand_property_identifier", "shorthand_property_identifier_pattern"})
_CLASS_BODIES = frozenset(["class_definition", "class_body", "interface_body", "enum_body", "annotation_type_body"])
IMPORT_STATEMENTS = frozenset({"import_statement", "import_from_statement", "import_declaration", "export_statement"})
"""The statements that take names from other files."""
_LOOKED_UP: dict[str, tuple[Namespace, ...]] = {
    "value": ("value", "any", "type"),
    "type": ("type", "any"),
    "method": ("method", "any"),
    "any": ("value", "any", "type", "method"),
}
Step = tuple[Node, str]
"""A node and the field that it is in its parent, `-` for none."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One place of a name; bytes are UTF-8 offsets."""

    start: int
    end: int
    line: int
    role: Role
    namespace: Namespace
    chain: tuple[Step, ...]
    """From the name up to the root."""
    kind: BindingKind | None = None
    binder: int = 0
    """The index in `chain` of the node that binds."""
    scope: int = 0
    """The index in `chain` of the scope that it is bound in."""

    @property
    def node(self) -> Node:
        """The leaf."""
        return self.chain[0][0]

    @property
    def is_shorthand(self) -> bool:
        """Whether the name stands for a key as well: `{ width }`."""
        return self.node.type in _SHORTHANDS

    def above(self, *types: str) -> Node | None:
        """The nearest node around it of one of `types`."""
        return next((node for node, _ in self.chain[1:] if node.type in types), None)

    def import_statement(self) -> Node | None:
        """The statement that imports it, where one does."""
        if self.kind == "import" or self.role == "import_name":
            return self.above(*IMPORT_STATEMENTS)
        return None


class Source:
    """One text with its tree."""

    def __init__(self, path: str, text: bytes, tree: Tree, grammar: Grammar, rules: BindingRules) -> None:
        self.path = path
        self.text = text
        self.tree = tree
        self.grammar = grammar
        self.rules = rules
        self._keys: dict[int, Key] = {}
        """What is bound, by the byte at which it is."""
        self._found: dict[str, list[Occurrence]] = {}
        self._bound: dict[str, dict[int, dict[str, list[Occurrence]]]] = {}

    @classmethod
    def of(cls, path: str, text: str) -> Source | None:
        """The source of a text; None where its language is not resolved or it cannot be parsed."""
        grammar = grammar_of(path)
        rules = RULES.get(grammar.name) if grammar is not None else None
        if grammar is None or rules is None:
            return None
        data = text.encode("utf-8", "replace")
        tree = parse(data, grammar)
        return None if tree is None else cls(path, data, tree, grammar, rules)

    def edited(self, text: str) -> Source | None:
        """The source of the same file with another text; of what both share, nothing is parsed again."""
        data = text.encode("utf-8", "replace")
        if data == self.text:
            return self
        tree = reparse(self.tree, self.text, data, self.grammar)
        return None if tree is None else Source(self.path, data, tree, self.grammar, self.rules)

    def said(self, node: Node | None) -> str:
        """What is written at a node."""
        return "" if node is None else self.text[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def chain(self, start: int, end: int) -> tuple[Step, ...]:
        """The nodes from the smallest one that covers these bytes up to the root."""
        cursor = self.tree.walk()
        steps: list[Step] = []
        while True:
            node = cursor.node
            if node is None or node.end_byte < end or node.start_byte > start:
                break
            steps.append((node, cursor.field_name or "-"))
            if cursor.goto_first_child_for_byte(start) is None:
                break
        return tuple(reversed(steps))

    def occurrences(self, name: str) -> list[Occurrence]:
        """All places of a name in code, in the order of the text."""
        if name not in self._found:
            self._found[name] = self._find(name)
        return self._found[name]

    def at(self, node: Node) -> Occurrence | None:
        """The occurrence at a leaf."""
        name = self.said(node)
        return next((one for one in self.occurrences(name) if one.start == node.start_byte), None)

    def meaning(self, occurrence: Occurrence) -> Key:
        """What the name means there. For a member whose receiver decides it, see owners.py; here it is free."""
        if occurrence.role == "bind":
            return self._key_of_binding(occurrence)
        if occurrence.role == "use":
            found = self._look_up(self.said(occurrence.node), occurrence)
            if found is not None:
                return self._key_of_binding(found)
        return ("free", "", occurrence.namespace)

    def bindings(self, occurrence: Occurrence) -> list[Occurrence]:
        """Where what is used, or bound, at a place is bound."""
        name = self.said(occurrence.node)
        first = occurrence if occurrence.role == "bind" else self._look_up(name, occurrence)
        if first is None:
            return []
        key = self._key_of_binding(first)
        return [one for one in self.occurrences(name) if one.role == "bind" and self._key_of_binding(one) == key]

    def sees(self, occurrence: Occurrence, name: str, namespace: Namespace | None = None) -> Key | None:
        """What `name` would mean where `occurrence` stands, in its namespace or another; None where it is not bound."""
        found = self._look_up(name, replace(occurrence, namespace=namespace or occurrence.namespace))
        return None if found is None else self._key_of_binding(found)

    def class_around(self, chain: tuple[Step, ...], start: int = 1) -> str:
        """The name of the nearest class around; empty for none."""
        for node, _ in chain[start:]:
            if node.type in self.rules.classes:
                return self.said(node.child_by_field_name("name"))
        return ""

    def _find(self, name: str) -> list[Occurrence]:
        found: list[Occurrence] = []
        pattern = re.compile(rb"(?<![\w$])" + re.escape(name.encode("utf-8", "replace")) + rb"(?![\w$])")
        line, counted = 0, 0
        for match in pattern.finditer(self.text):
            line += self.text.count(b"\n", counted, match.start())
            counted = match.start()
            chain = self.chain(*match.span())
            if len(chain) > 1 and chain[0][0].type in _LEAVES and chain[0][0].byte_range == match.span():
                found.append(self._classify(chain, line))
            if len(found) >= MOST_OCCURRENCES:
                break
        return found

    def _classify(self, chain: tuple[Step, ...], line: int) -> Occurrence:
        (leaf, at), (parent, above) = chain[:2]
        start, end = leaf.byte_range

        def plain(role: Role, namespace: Namespace = "any") -> Occurrence:
            return Occurrence(start, end, line, role, namespace, chain)

        special = self._imported(chain)
        if special == "bind":
            return Occurrence(start, end, line, "bind", "any", chain, "import", 1, len(chain) - 1)
        if special is not None:
            return plain(special)
        bound = self._binder(chain)
        if bound is not None:
            kind, binder, scope = bound
            return Occurrence(start, end, line, "bind", self._namespace(chain, kind), chain, kind, binder, scope)
        place = (parent.type, at)
        if place in self.rules.members and parent.child_by_field_name(self.rules.members[place]) is not None:
            return plain("member")
        if parent.type == "method_reference" and start > parent.start_byte:
            return plain("member")
        if parent.type == "literal_element" and above == "key":
            return plain("field_key")
        if place in self.rules.keys or leaf.type in ("property_identifier", "private_property_identifier"):
            return plain("key")
        if place == ("method_invocation", "name"):
            return plain("use", "method")
        return plain("use", "type" if leaf.type == "type_identifier" else "value")

    def _imported(self, chain: tuple[Step, ...]) -> Role | None:
        """What a name in an import is; None outside of one."""
        parent, above = chain[1]
        around = chain[2][0].type if len(chain) > 2 else ""
        if parent.type == "import_specifier" and chain[0][1] == "name":
            return "import_name" if parent.child_by_field_name("alias") is not None else "bind"
        if parent.type == "dotted_name":
            if around == "aliased_import":
                return "import_name"
            first = parent.start_byte == chain[0][0].start_byte
            if around in ("import_statement", "import_from_statement") and above == "name":
                return "bind" if first else "key"
            return "key"
        if parent.type in ("scoped_identifier", "scoped_type_identifier"):
            if around == "import_declaration" and chain[0][1] == "name":
                return "bind"
            if any(node.type in ("import_declaration", "package_declaration") for node, _ in chain[2:]):
                return "key"
        return "key" if parent.type in ("package_clause", "package_declaration") else None

    def _binder(self, chain: tuple[Step, ...]) -> tuple[BindingKind, int, int] | None:
        at = 0
        while at + 2 < len(chain) and (chain[at + 1][0].type, chain[at][1]) in self.rules.patterns:
            at += 1
        rule = self.rules.binders.get((chain[at + 1][0].type, chain[at][1]))
        if rule is None:
            return None
        kind, where = rule
        binder, root = at + 1, len(chain) - 1
        if where == "file":
            return kind, binder, root
        if where == "self":
            return kind, binder, binder
        types = self.rules.functions if where == "function" else self.rules.scopes
        if chain[binder][0].type == "variable_declarator" and chain[binder + 1][0].type == "variable_declaration":
            types = self.rules.functions
        scope = next((up for up in range(binder + 1, root) if chain[up][0].type in types), root)
        return kind, binder, scope

    def _namespace(self, chain: tuple[Step, ...], kind: BindingKind) -> Namespace:
        if kind == "class":
            return "type"
        return "method" if chain[1][0].type == "method_declaration" and self.grammar.name == "java" else "value"

    def _scopes(self, name: str) -> dict[int, dict[str, list[Occurrence]]]:
        """The bindings of a name by their scope's node and namespace."""
        if name in self._bound:
            return self._bound[name]
        bound: dict[int, dict[str, list[Occurrence]]] = {}
        for one in self.occurrences(name):
            if one.role == "bind":
                node = one.chain[one.scope][0]
                bound.setdefault(node.id, {}).setdefault(one.namespace, []).append(one)
        self._bound[name] = bound
        for one in self.occurrences(name):
            self._redirect(one, bound)
        return bound

    def _redirect(self, one: Occurrence, bound: dict[int, dict[str, list[Occurrence]]]) -> None:
        """`global` and `nonlocal`: what their function binds is bound further out."""
        statement = one.chain[1][0].type
        if statement not in ("global_statement", "nonlocal_statement"):
            return
        functions = [node.id for node, _ in one.chain if node.type in self.rules.functions]
        if not functions or functions[0] not in bound:
            return
        outer = [one.chain[-1][0].id] if statement == "global_statement" else functions[1:]
        target = next((scope for scope in outer if scope in bound or statement == "global_statement"), None)
        if target is not None:
            moved = bound.pop(functions[0])
            for namespace, places in moved.items():
                bound.setdefault(target, {}).setdefault(namespace, []).extend(places)

    def _look_up(self, name: str, occurrence: Occurrence) -> Occurrence | None:
        bound = self._scopes(name)
        if not bound:
            return None
        chain, through_function = occurrence.chain, False
        for up in range(1, len(chain)):
            node = chain[up][0]
            if node.id in bound and self._is_seen(node, chain[up - 1][1], through_function):
                for namespace in _LOOKED_UP[occurrence.namespace]:
                    places = bound[node.id].get(namespace, [])
                    if not self.rules.binds_from_here and places:
                        return places[0]
                    for one in places:
                        if one.kind != "variable" or up == len(chain) - 1 or self._is_bound_before(one, occurrence):
                            return one
            # What stands in a head is evaluated around the function.
            inside = self.rules.class_scopes_are_seen or chain[up - 1][1] == "body"
            through_function = through_function or (inside and node.type in self.rules.functions)
        return None

    def _is_bound_before(self, one: Occurrence, occurrence: Occurrence) -> bool:
        """Whether a variable is there already: in some languages it is from its declaration on only."""
        scope, binder = one.chain[one.scope][0].type, one.chain[one.binder][0]
        return scope in _CLASS_BODIES or one.start == occurrence.start or binder.end_byte <= occurrence.start

    def _is_seen(self, scope: Node, part: str, through_function: bool) -> bool:
        """Whether names of a scope are seen from a part of it."""
        if self.grammar.name == "python":
            if scope.type in ("function_definition", "class_definition", "lambda") and part != "body":
                return False
            return not (through_function and scope.type == "class_definition")
        return self.rules.class_scopes_are_seen or scope.type not in _CLASS_BODIES

    def _key_of_binding(self, one: Occurrence) -> Key:
        if one.start not in self._keys:
            self._keys[one.start] = self._new_key(one)
        return self._keys[one.start]

    def _new_key(self, one: Occurrence) -> Key:
        binder = one.chain[one.binder][0]
        if binder.type == "method_declaration" and self.grammar.name == "go":
            return ("member", self._receiver_type(binder), "")
        if binder.type in ("method_elem", "field_declaration") and self.grammar.name == "go":
            return ("member", self.class_around(one.chain), "")
        scope = self._scope_of(one)
        if scope.type in _CLASS_BODIES:
            return ("member", self.class_around(one.chain, one.scope) or f"?{scope.id}", "")
        if one.kind == "member":
            # A method of an object that has no name.
            return ("member", f"?{scope.id}", "")
        return ("scope", scope.id, "value" if one.namespace == "any" else one.namespace)

    def _scope_of(self, one: Occurrence) -> Node:
        own, name = one.chain[one.scope][0], self.said(one.node)
        for node in (own, *(node for node, _ in one.chain[one.scope + 1 :])):
            if any(other is one for other in self._scopes(name).get(node.id, {}).get(one.namespace, ())):
                return node
        return own

    def _receiver_type(self, method: Node) -> str:
        receiver = method.child_by_field_name("receiver")
        return re.sub(r"^\(\s*(?:\w+\s+)?\*?\s*(\w+).*", r"\1", self.said(receiver), flags=re.DOTALL)
