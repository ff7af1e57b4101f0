"""The names that a text uses, and the symbols around a line. A use is a name that is not bound where it stands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tree_sitter import Node, QueryCursor, Tree

from mellum_ls.context.languages.compiled_queries import uses_query
from mellum_ls.context.languages.definitions import Found
from mellum_ls.context.languages.grammars import Grammar
from mellum_ls.context.languages.symbols import Symbol, Use

# They stand for what is around them, and lead nowhere.
_SELF = frozenset({b"self", b"cls", b"this", b"super", b"Self", b"_"})
# The arguments of a shell script.
_DIGITS = frozenset(b"0123456789")


def uses(
    text: bytes, tree: Tree, grammar: Grammar, *, start_line: int = 0, end_line: int | None = None
) -> tuple[Use, ...]:
    """The names used in the lines from `start_line` up to `end_line`, which is excluded; in the order of the text.

    Names of definitions, parameters and, in the languages that have a query for it, of variables at the place where
    they are bound are left out. Comments and strings have no names.
    """
    start, end = _bytes_of_lines(text, start_line, end_line)
    if start >= end:
        return ()
    cursor = QueryCursor(uses_query(grammar))
    cursor.set_byte_range(start, end)
    captures = cursor.captures(tree.root_node)
    bound = _bound(text, captures.get("bound", ()))
    places = sorted(node.byte_range for node in captures.get("use", ()))
    found = []
    line, counted = start_line, start
    for first, last in places:
        # What the parser takes for missing is a name without characters.
        if (
            first < start
            or last > end
            or first == last
            or first in bound
            or (word := text[first:last]) in _SELF
            or word[0] in _DIGITS
        ):
            continue
        line += text.count(b"\n", counted, first)
        counted = first
        found.append(Use(word.decode("utf-8", "replace"), line, first, last))
    return tuple(found)


def used_names(text: bytes, found: Found) -> set[str]:
    """The names of `uses` in the whole text, without their places: a third of the time.

    `found` is what `find` gives of it with `with_uses`.
    """
    # Only what a definition is called may be a qualified name.
    bound = {node.start_byte for node in found.bound} | _bound(text, found.names)
    places = [node.byte_range for node in found.uses]
    words = {text[first:last] for first, last in places if first not in bound} - _SELF - {b""}
    return {word.decode("utf-8", "replace") for word in words if word[0] not in _DIGITS}


def _bound(text: bytes, nodes: Iterable[Node]) -> set[int]:
    """Where names that are bound begin; of a qualified one its last part: `Shape:area`, `Shape<T>::area`."""
    bound = set()
    for node in nodes:
        first, last = node.byte_range
        name = text[first:last]
        bound.add(first if name.isalnum() else first + 1 + max(name.rfind(b"."), name.rfind(b":")))
    return bound


def defined(symbols: Iterable[Symbol]) -> frozenset[str]:
    """The names of `symbols`."""
    return frozenset(symbol.name for symbol in symbols)


def enclosing(symbols: Sequence[Symbol], line: int) -> tuple[Symbol, ...]:
    """The symbols that have `line` (from 0) among theirs, the outermost first."""
    around = [symbol for symbol in symbols if symbol.start_line <= line <= symbol.end_line]
    return tuple(sorted(around, key=lambda symbol: (symbol.start_byte, -symbol.end_byte)))


def _bytes_of_lines(text: bytes, start_line: int, end_line: int | None) -> tuple[int, int]:
    start = _line_start(text, start_line)
    return start, len(text) if end_line is None else _line_start(text, end_line)


def _line_start(text: bytes, line: int) -> int:
    at = 0
    for _ in range(line):
        at = text.find(b"\n", at) + 1
        if at == 0:
            return len(text)
    return at
