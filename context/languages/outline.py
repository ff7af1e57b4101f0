"""The outline of a text: its definitions as plain symbols, with a head in one line and the first line of its doc."""

from __future__ import annotations

import re
from itertools import islice

from tree_sitter import Node, Tree

from mellum_ls.context.languages.definitions import COMMENTS, Definition, Found, find, text_of
from mellum_ls.context.languages.grammars import Grammar
from mellum_ls.context.languages.symbols import Symbol

MOST_CHARS = 200
"""Characters of a signature or of a line of documentation."""
# More of a head is not looked at: a table of constants may have a megabyte.
_MOST_BYTES = 4_000
_MARK_BEFORE = re.compile(r"\s*(?:/\*+!?|//+!?|\*+/|\*+|#+!?|--+\[*|<!--|;+)?\s*")
_MARKS_BEHIND = ("*/", "-->", "]]")
_XML_TAG = re.compile(r"</?(?:summary|remarks|inheritdoc)\b[^>]*>")
_OPENING_QUOTES = re.compile(r"[rRuUbBfF]*[\"']+")
# Words for a tool, not for a reader.
_ORDER = re.compile(
    r"(?i)^(?:!|noqa|type:|pylint|eslint|prettier|ts-|nolint|go:|@formatter|-\*-|frozen_string_literal)"
)
_AFTER_BRACKET = re.compile(r"([(\[])\s*\n\s*")
_BEFORE_BRACKET = re.compile(r",?\s*\n\s*([)\]])")
_EMPTY_BLOCK = re.compile(r"\s*[;\s]\s*end$")


def outline(text: bytes, tree: Tree, grammar: Grammar) -> tuple[Symbol, ...]:
    """The symbols that `text` defines, in their order. `tree` is its tree; errors in it only cost what they cover."""
    return symbols_of(text, find(text, tree, grammar))


def symbols_of(text: bytes, found: Found, most: int | None = None) -> tuple[Symbol, ...]:
    """The outline as it was found; of more than `most` symbols the first ones."""
    shown = (one for one in found.definitions if not one.is_scope)
    return tuple(_symbol(text, one) for one in islice(shown, most))


def _symbol(text: bytes, one: Definition) -> Symbol:
    return Symbol(
        name=one.name,
        kind=one.kind,
        start_line=one.start_line,
        end_line=one.end_line,
        start_byte=one.start_byte,
        end_byte=one.node.end_byte,
        name_line=(one.name_node or one.node).start_point.row,
        signature=signature(text, one),
        doc=doc(text, one),
        container=one.container,
    )


def signature(text: bytes, one: Definition) -> str:
    """The head in one line: without body, comments, decorators and what opens the body."""
    start = one.node.start_byte
    end = one.body.start_byte if one.body is not None and one.body.start_byte > start else one.node.end_byte
    end = min(end, start + _MOST_BYTES)
    if one.kind == "section":
        end = min(end, text.find(b"\n", start) if b"\n" in text[start:end] else end)
    parts: list[bytes] = []
    for note in one.in_head:
        if start <= note.start_byte < end:
            parts.append(text[start : note.start_byte])
            start = note.end_byte
            while text[start : start + 1] in (b" ", b"\t"):
                start += 1
    parts.append(text[start:end])
    # A comment to the end of a line leaves that end.
    raw = b"".join(parts).decode("utf-8", "replace").strip()
    if "\n" in raw:
        raw = _AFTER_BRACKET.sub(r"\1", raw)
        raw = _BEFORE_BRACKET.sub(r"\1", raw)
    line = " ".join(raw.split())
    if one.body is not None:
        line = _without_opening(line)
    elif one.kind in ("function", "method", "class", "module") and line.endswith("end"):
        line = _EMPTY_BLOCK.sub("", line)
    return _cut(line.removesuffix(";"))


def _without_opening(line: str) -> str:
    """A head without the sign that a body begins with."""
    if line.endswith(("=>", "->")):
        return line[:-2].rstrip()
    return line[:-1].rstrip() if line.endswith(("{", ":", "=", ";", ",")) else line


def doc(text: bytes, one: Definition) -> str:
    """The first line of its docstring, or else of the comment above it; empty where there is none."""
    docstring = docstring_node(one)
    if docstring is not None:
        said = text_of(text, docstring)
        opening = _OPENING_QUOTES.match(said)
        return _first_line(said[opening.end() if opening else 0 :].rstrip("\"'").splitlines())
    comments = [text_of(text, node) for node in one.above if node.type in COMMENTS]
    return _first_line([line for comment in comments for line in comment.splitlines()])


def docstring_node(one: Definition) -> Node | None:
    """The string that a Python body begins with."""
    if one.body is None or one.body.type != "block" or one.body.named_child_count == 0:
        return None
    first = one.body.named_child(0)
    string = first.named_child(0) if first is not None and first.type == "expression_statement" else None
    return string if string is not None and string.type == "string" else None


def _first_line(lines: list[str]) -> str:
    for line in lines:
        words = " ".join(_XML_TAG.sub("", _bare(line)).split())
        if words and not _ORDER.match(words) and any(map(str.isalnum, words)):
            return _cut(words)
    return ""


def _bare(line: str) -> str:
    """Without the marks of a comment."""
    begins = _MARK_BEFORE.match(line)
    line = line[begins.end() if begins else 0 :].rstrip()
    mark = next((mark for mark in _MARKS_BEHIND if line.endswith(mark)), "")
    return line[: len(line) - len(mark)].rstrip()


def _cut(line: str) -> str:
    return line if len(line) <= MOST_CHARS else line[: MOST_CHARS - 1] + "…"
