"""A text with its bodies pruned: what it offers and how it is called, in code that still looks like its language.

Works by cutting the text, so whatever is not cut stands as its author wrote it. Line ends become `\\n`.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from tree_sitter import Node, Tree

from mellum_ls.context.languages.definitions import COMMENTS, Definition, Found, begins_line, find
from mellum_ls.context.languages.grammars import Grammar
from mellum_ls.context.languages.outline import doc, docstring_node
from mellum_ls.context.languages.symbols import Symbol

_SHORT_BODY = 40
"""Bytes of a one-line body that is left: it says as much as a mark in its place."""
_LONG_VALUE = 200
"""Bytes of a constant or field from which on only its first line is left."""
_KEPT = frozenset({"php_tag", "package_clause", "package_declaration", "package_header"})
"""What stays at the top although it defines nothing."""

_BODIES = {
    "javascript": b"{ ... }",
    "typescript": b"{ ... }",
    "tsx": b"{ ... }",
    "ruby": b"# ...",
    "lua": b"-- ...",
    "scala": b"???",
    "bash": b"{ ...; }",
    "sql": b"AS '...'",
}
"""What stands for any body where three dots alone would be read as something else."""

_Cut = tuple[int, int, bytes]
"""First and last byte that go, and what comes in their place."""


def skeleton(text: bytes, symbols: Sequence[Symbol], tree: Tree, grammar: Grammar) -> str:
    """The whole text without bodies, imports and statements that define nothing; comments cut to their first line.

    `symbols` is the outline of `text` and `tree` its tree.
    """
    if symbols and all(symbol.kind == "section" for symbol in symbols):
        return _sections(text, symbols)
    found = find(text, tree, grammar)
    cuts = _cuts(text, found, grammar)
    known = {node.id for node in (*found.imports, *found.before)}
    ahead, reach = 0, 0
    for node in tree.root_node.children:
        while ahead < len(symbols) and symbols[ahead].start_byte < node.start_byte:
            reach = max(reach, symbols[ahead].end_byte)
            ahead += 1
        defines = ahead < len(symbols) and symbols[ahead].start_byte < node.end_byte
        covered = reach >= node.end_byte or not node.is_named or node.type in _KEPT or node.id in known
        if not defines and not covered:
            cuts.append(_module_doc(text, node) or (*_whole_lines(text, node.start_byte, node.end_byte), b""))
    return _finish(_apply(text, cuts, 0, len(text)))


def symbol_skeleton(
    text: bytes, symbol: Symbol, symbols: Sequence[Symbol], tree: Tree, grammar: Grammar, most_chars: int
) -> str:
    """One definition in at most `most_chars` characters: whole if it is that short, else its skeleton, else its heads.

    The heads are its own and, as far as they fit, those of its members. `symbols` is the outline that `symbol` is of.
    """
    start = _first_byte(text, symbol)
    whole = _finish(text[start : symbol.end_byte])
    if len(whole) <= most_chars:
        return whole
    # The tree may have changed since; the range of bytes is all that is taken from the symbol.
    found = find(text, tree, grammar, symbol.start_byte, symbol.end_byte)
    pruned = _finish(_apply(text, _cuts(text, found, grammar), start, symbol.end_byte))
    if len(pruned) <= most_chars:
        return pruned
    lines = [symbol.signature[:most_chars]]
    room = most_chars - len(lines[0])
    inside = f"{symbol.container}.{symbol.name}".lstrip(".")
    for member in symbols:
        within = symbol.start_byte <= member.start_byte and member.end_byte <= symbol.end_byte
        if not within or member.container != inside or member.kind == "section":
            continue
        line = "    " + member.signature
        room -= len(line) + 1
        if room < 0:
            break
        lines.append(line)
    return "\n".join(lines)


def _sections(text: bytes, symbols: Sequence[Symbol]) -> str:
    """Short parts whole, of the others their first line."""
    lines: list[str] = []
    reach = 0
    for symbol in symbols:
        if symbol.start_byte < reach:
            continue
        if symbol.end_byte - symbol.start_byte <= _LONG_VALUE:
            lines.append(_finish(text[_first_byte(text, symbol) : symbol.end_byte]))
            reach = symbol.end_byte
        else:
            lines.append(symbol.signature)
    return "\n".join(lines)


def _first_byte(text: bytes, symbol: Symbol) -> int:
    """With the indentation, so that all lines of it have theirs."""
    start = symbol.start_byte
    return text.rfind(b"\n", 0, start) + 1 if begins_line(text, start) else start


def _cuts(text: bytes, found: Found, grammar: Grammar) -> list[_Cut]:
    cuts = [(*_whole_lines(text, node.start_byte, node.end_byte), b"") for node in found.imports]
    documented: dict[int, Definition] = {}
    for one in found.definitions:
        for node in one.above:
            documented.setdefault(node.start_byte, one)
        cuts += _definition_cuts(text, one, grammar.name)
    shown: set[int] = set()
    for node in found.before:
        if node.type in COMMENTS:
            owner = documented.get(node.start_byte)
            first = owner is not None and owner.start_byte not in shown
            if owner is not None:
                shown.add(owner.start_byte)
            cuts += _comment_cut(text, node, owner if first else None)
    return cuts


def _definition_cuts(text: bytes, one: Definition, language: str) -> list[_Cut]:
    node, body = one.node, one.body
    docstring = docstring_node(one)
    short_docstring = _quoted(doc(text, one)) if docstring is not None else b""
    if one.kind in ("function", "method", "field") and body is not None:
        said = text[body.start_byte : body.end_byte]
        if b"\n" not in said and len(said) <= _SHORT_BODY:
            return []
        return [(body.start_byte, body.end_byte, short_docstring or _placeholder(said, language))]
    if docstring is not None and docstring.start_point.row != docstring.end_point.row:
        return [(docstring.start_byte, docstring.end_byte, short_docstring)]
    if one.kind in ("constant", "field", "section") and node.end_byte - node.start_byte > _LONG_VALUE:
        line_end = text.find(b"\n", node.start_byte, node.end_byte)
        first = min(node.start_byte + _LONG_VALUE, line_end if line_end > 0 else node.end_byte)
        while first > node.start_byte and text[first] & 0xC0 == 0x80:
            first -= 1
        return [(first, node.end_byte, b" ...")]
    return []


def _placeholder(body: bytes, language: str) -> bytes:
    own = _BODIES.get(language)
    if own is not None:
        return own
    for opening in (b"=>", b"="):
        if body.startswith(opening):
            return opening + b" ..."
    return b"{ ... }" if body.startswith(b"{") else b"..."


def _comment_cut(text: bytes, node: Node, owner: Definition | None) -> list[_Cut]:
    """A comment above a definition says its first line, one behind code stays, any other goes."""
    if not begins_line(text, node.start_byte):
        return []
    said = text[node.start_byte : node.end_byte]
    if said in _BODIES.values():
        return []
    words = doc(text, owner).encode() if owner is not None and docstring_node(owner) is None else b""
    if not words:
        return [(*_whole_lines(text, node.start_byte, node.end_byte), b"")]
    if said.startswith(b"/*"):
        opening = b"/**" if said.startswith(b"/**") else b"/*"
        return [(node.start_byte, node.start_byte + len(said.rstrip()), opening + b" " + words + b" */")]
    mark = said[: len(said) - len(said.lstrip(b"/#-!;"))]
    return [(node.start_byte, node.start_byte + len(said.rstrip()), mark + b" " + words)]


def _module_doc(text: bytes, node: Node) -> _Cut | None:
    """The string that a Python text begins with keeps its first line."""
    if node.type != "expression_statement" or node.start_byte != len(text) - len(text.lstrip()):
        return None
    first = node.named_children[0] if node.named_child_count else None
    if first is None or first.type != "string":
        return None
    lines = text[first.start_byte : first.end_byte].strip(b"\"'").strip().splitlines()
    return (node.start_byte, node.end_byte, _quoted(lines[0].decode("utf-8", "replace") if lines else ""))


def _quoted(line: str) -> bytes:
    """As a docstring of Python."""
    inside = line.strip().replace('"""', "'''").rstrip('"\\')
    return f'"""{inside}"""'.encode()


def _whole_lines(text: bytes, start: int, end: int) -> tuple[int, int]:
    """The range with its line end and indentation, where nothing else stands on those lines."""
    if not begins_line(text, start):
        return start, end
    line_end = max(text.find(b"\n", max(start, end - 1)) + 1 or len(text), end)
    if line_end - end > _SHORT_BODY or text[end:line_end].strip(b" \t\r\n;"):
        return start, end
    return text.rfind(b"\n", 0, start) + 1, line_end


def _apply(text: bytes, cuts: list[_Cut], start: int, end: int) -> bytes:
    parts: list[bytes] = []
    at = start
    # Of cuts that overlap the one that begins first is the outer one.
    for first, last, instead in sorted(cuts, key=lambda cut: (cut[0], -cut[1])):
        if first >= at and last <= end:
            parts += (text[at:first], instead)
            at = last
    parts.append(text[at:end])
    return b"".join(parts)


def _finish(text: bytes) -> str:
    """Decoded, dedented, without trailing blanks, and no two blank lines in a row nor one before indented lines."""
    lines = [line.rstrip() for line in text.decode("utf-8", "replace").replace("\r\n", "\n").split("\n")]
    kept: list[str] = []
    for line in lines:
        if kept and not kept[-1] and (not line or line[0] in " \t}"):
            kept.pop()
        kept.append(line)
    return textwrap.dedent("\n".join(kept)).strip("\n")
