"""The definitions in a tree, as nodes: what they are called, where their head ends, what stands before them.

One query finds them; what contains what follows from where they lie. Knows nothing of how they are shown.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass, field

from tree_sitter import Node, QueryCursor, Tree

from mellum_ls.context.languages.compiled_queries import definitions_query, whole_query
from mellum_ls.context.languages.grammars import Grammar
from mellum_ls.context.languages.symbols import Kind

_KINDS: dict[str, Kind] = {
    "class": "class",
    "function": "function",
    "method": "method",
    "field": "field",
    "constant": "constant",
    "variable": "constant",
    "type": "type",
    "module": "module",
    "section": "section",
    # No symbol itself, but a name on the way to those inside: an `impl`, an extension, a companion object.
    "scope": "class",
}
# Around a definition, on its line or above it, and part of it.
_SPEC_LISTS = frozenset({"type_declaration", "const_declaration", "var_declaration"})
_WRAPPERS = _SPEC_LISTS | {"decorated_definition", "export_statement", "template_declaration", "ambient_declaration"}
# An owner of an assigned function that says nothing: `exports.f = …`, `module.exports.f = …`.
_NO_OWNERS = frozenset({"exports", "module", "this", "self", "prototype", ""})
COMMENTS = frozenset({"comment", "line_comment", "block_comment", "multiline_comment", "marginalia"})
"""The node types of comments."""
_MOST_INDENTATION = 500
_MOST_NAME = 200
"""Characters of a name; more of it is not looked at."""
_ONLY = re.compile(rb"(?i:id|h[1-6])")
_GENERICS = re.compile(r"<[^<>]*>|\[[^\[\]]*\]")


@dataclass(slots=True)
class Definition:
    """One definition. Bytes are UTF-8 offsets, lines count from 0."""

    kind: Kind
    name: str
    name_node: Node | None
    node: Node
    """From its first word, decorators and comments excluded where they lie outside of it."""
    body: Node | None
    start_byte: int
    start_line: int
    """With what stands before it."""
    end_line: int
    above: list[Node] = field(default_factory=list)
    """The comments, decorators and attributes on the lines before it, in order."""
    in_head: list[Node] = field(default_factory=list)
    """Those between its first word and its body, in order."""
    container: str = ""
    is_scope: bool = False
    parent: Definition | None = None
    in_function: bool = False


@dataclass(slots=True)
class Found:
    """What a tree has."""

    definitions: list[Definition]
    """In the order of their text, scopes among them."""
    before: list[Node]
    """All comments, decorators and attributes, in order."""
    imports: list[Node]
    passing: list[Node]
    """Statements that import something to export it."""
    names: list[Node]
    """What gives a definition its name, in no order; also of those that are left out."""
    uses: list[Node]
    """With `with_uses` all names, in no order, those that are bound where they stand included."""
    bound: list[Node]
    """With `with_uses` what is bound where it stands and is no definition's name."""


def find(
    text: bytes,
    tree: Tree,
    grammar: Grammar,
    start_byte: int = 0,
    end_byte: int | None = None,
    *,
    with_uses: bool = False,
) -> Found:
    """The definitions of `tree`, which is the tree of `text`; with bytes given only what overlaps them."""
    cursor = QueryCursor(whole_query(grammar) if with_uses else definitions_query(grammar))
    if start_byte or end_byte is not None:
        cursor.set_byte_range(start_byte, len(text) if end_byte is None else end_byte)
    found = Found([], [], [], [], [], [], [])
    best: dict[int, tuple[int, Definition]] = {}
    uses = found.uses
    for pattern, captures in cursor.matches(tree.root_node):
        # By far the most.
        if (used := captures.get("use")) is not None:
            uses += used
        elif "bound" in captures:
            found.bound += captures["bound"]
        elif "before" in captures:
            found.before += captures["before"]
        elif "import" in captures:
            found.imports += captures["import"]
        elif "passing" in captures:
            found.passing += captures["passing"]
        else:
            found.names += captures.get("name", ())
            definition = _definition(text, captures)
            if definition is None:
                continue
            place = (definition.name_node or definition.node).start_byte
            if place not in best or pattern < best[place][0]:
                best[place] = (pattern, definition)
    found.before.sort(key=lambda node: node.start_byte)
    found.definitions = [definition for _, definition in best.values()]
    _attach_what_stands_before(text, found)
    # Of two that begin at the same place the longer one is around the other; then the order of the names decides.
    found.definitions.sort(key=lambda one: (one.node.start_byte, -one.node.end_byte, _name_byte(one)))
    found.definitions = _nest(found.definitions)
    return found


def _name_byte(definition: Definition) -> int:
    return (definition.name_node or definition.node).start_byte


def text_of(text: bytes, node: Node) -> str:
    """What `node` says."""
    return text[node.start_byte : node.end_byte].decode("utf-8", "replace")


def begins_line(text: bytes, at: int) -> bool:
    """Whether only blanks stand before a byte on its line. Looks a little way back: a line may be the whole text."""
    before = text[max(0, at - _MOST_INDENTATION) : at]
    line = before[before.rfind(b"\n") + 1 :]
    return not line.strip() and (len(line) < len(before) or at <= _MOST_INDENTATION)


def last_line(node: Node) -> int:
    """The last line that has a character of `node`."""
    row, column = node.end_point
    return row - 1 if column == 0 and row > node.start_point.row else row


def _definition(text: bytes, captures: dict[str, list[Node]]) -> Definition | None:
    kind = next((name for name in captures if name in _KINDS), None)
    if kind is None:
        return None
    for node in captures.get("only", ()):
        if not _ONLY.fullmatch(text[node.start_byte : node.end_byte]):
            return None
    node = captures[kind][0]
    while (around := node.parent) is not None and around.type in _WRAPPERS and _belongs(around, node):
        node = around
    named = captures.get("name") or captures.get("of")
    name_node = named[0] if named else None
    if name_node is not None:
        name, owner = _clean(text_of(text, name_node)[:_MOST_NAME], kind)
    else:
        # A heading of HTML is called what it shows.
        shown = "" if kind == "scope" else re.sub(r"<[^>]*>", "", text_of(text, node)[: 5 * _MOST_NAME])
        name, owner = _clean(shown[:_MOST_NAME], kind)
    if "container" in captures:
        owner = _bare(text_of(text, captures["container"][0])[:_MOST_NAME])
    if not name and kind != "scope":
        return None
    body = captures["body"][0] if "body" in captures else None
    definition = Definition(
        _KINDS[kind], name, name_node, node, body, node.start_byte, node.start_point.row, last_line(node)
    )
    definition.is_scope = kind == "scope"
    definition.container = owner
    if kind == "variable" and not name.isupper():
        definition.kind = "field"
    return definition


def _belongs(around: Node, node: Node) -> bool:
    """Several specs in brackets after one keyword are each a definition of its own."""
    return around.type not in _SPEC_LISTS or around.start_point.row == node.start_point.row


def _clean(name: str, kind: str) -> tuple[str, str]:
    """The bare name, and the owner that is written before it: `Shape<T>::area`, `Shape:area`, `Shape.prototype.f`."""
    name = " ".join(name.split())
    if kind == "section":
        # A Markdown heading may be closed by marks.
        return re.sub(r"\s+#+$", "", name).strip("\"'"), ""
    if kind == "scope":
        return _bare(name), ""
    if kind == "module":
        return name.replace("::", ".").replace("\\", ".").strip("\"'"), ""
    if kind not in ("function", "method", "class") or name.startswith("operator"):
        return name, ""
    plain = _GENERICS.sub("", name) if "<" in name or "[" in name else name
    if "::" in plain:
        owner, _, name = plain.rpartition("::")
        return name, owner.replace("::", ".")
    if "." in plain or ":" in plain:
        *owners, name = re.split(r"[.:]", plain)
        return name.strip(), ".".join(part for part in owners if part not in _NO_OWNERS)
    return name, ""


def _bare(type_text: str) -> str:
    """`*Shape[T]` and `&'a geo::Shape<T>` are `Shape`."""
    text = type_text
    while (shorter := _GENERICS.sub("", text)) != text:
        text = shorter
    words = re.findall(r"\w+", re.sub(r"'\w+", "", text))
    return words[-1] if words else ""


def _attach_what_stands_before(text: bytes, found: Found) -> None:
    """A comment or attribute belongs to the definition right below it, if it has its lines for itself."""
    ending: dict[int, list[Node]] = {}
    for node in found.before:
        ending.setdefault(last_line(node), []).append(node)
    starts = [node.start_byte for node in found.before]
    for definition in found.definitions:
        start, lines = definition.node.start_byte, definition.node.start_point.row
        definition.in_head = found.before[bisect_left(starts, start) : bisect_left(starts, _head_end(definition))]
        # A definition that does not begin its line has nothing above it.
        if lines - 1 not in ending or not begins_line(text, start):
            continue
        while nodes := [node for node in ending.get(lines - 1, ()) if begins_line(text, node.start_byte)]:
            definition.above[:0] = nodes
            lines = min(node.start_point.row for node in nodes)
        if definition.above:
            definition.start_line, definition.start_byte = lines, definition.above[0].start_byte


def _head_end(definition: Definition) -> int:
    return definition.body.start_byte if definition.body is not None else definition.node.end_byte


def _nest(definitions: list[Definition]) -> list[Definition]:
    """Says what is in what, and leaves out variables of functions."""
    kept: list[Definition] = []
    around: list[Definition] = []
    seen: set[tuple[str, str]] = set()
    for one in definitions:
        while around and around[-1].node.end_byte <= one.node.start_byte:
            around.pop()
        parent = around[-1] if around else None
        # `typedef struct a {…} b;` has two names and one body: they stand next to each other.
        twin = parent is not None and one.body is not None and one.body == parent.body
        if twin and parent is not None:
            parent = parent.parent
        while parent is not None and _is_in_head(one, parent):
            parent = parent.parent
        one.parent = parent
        one.in_function = parent is not None and (parent.in_function or parent.kind in ("function", "method"))
        if one.in_function and (one.kind in ("field", "constant", "type") or (one.body is None)):
            continue
        _place(one, parent)
        variable = (one.container, one.name)
        if one.kind in ("constant", "field") and variable in seen:
            continue
        seen.add(variable)
        kept.append(one)
        if not twin and one.kind not in ("field", "constant", "type", "section"):
            around.append(one)
    return kept


def _is_in_head(one: Definition, function: Definition) -> bool:
    """A parameter that is a field too."""
    body = function.body
    return one.kind == "field" and function.kind == "method" and (body is None or one.node.end_byte <= body.start_byte)


def _place(one: Definition, parent: Definition | None) -> None:
    above = ".".join(part for part in (parent.container, parent.name) if part) if parent is not None else ""
    in_class = (parent is not None and parent.kind == "class") or bool(one.container and one.kind == "function")
    one.container = ".".join(part for part in (above, one.container) if part)
    if one.kind == "function" and in_class:
        one.kind = "method"
    elif one.kind == "field" and not in_class and (parent is None or parent.kind == "module"):
        one.kind = "constant"
