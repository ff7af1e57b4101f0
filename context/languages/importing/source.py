"""A text and its nodes: what a node says. Knows no language."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Node

_QUOTES = "\"'`"
# What a string consists of in the grammars, unless something is put into it.
_PARTS = ("content", "fragment", "sequence", "start", "end")


@dataclass(frozen=True, slots=True)
class Source:
    """The bytes that a tree was made of. A tree's own copy is gone once the tree was edited, hence not `node.text`."""

    data: bytes

    def text(self, node: Node | None) -> str:
        """What is written at `node`; empty for None. Bytes that are no UTF-8 become replacement characters."""
        return self.data[node.start_byte : node.end_byte].decode("utf-8", "replace") if node is not None else ""

    def dense(self, node: Node | None) -> str:
        """The same without white space, as for a dotted name that goes over several lines."""
        return "".join(self.text(node).split())

    def literal(self, node: Node | None) -> str:
        """The content of a string in quotes; empty for anything else, and for a string that is put together."""
        written = self.text(node)
        if node is None or len(written) < 2 or written[0] not in _QUOTES or written[-1] != written[0]:
            return ""
        if not all(child.type.endswith(_PARTS) for child in node.named_children):
            return ""
        return written[1:-1]


def first(node: Node, *types: str) -> Node | None:
    """The first child of one of `types`."""
    return next((child for child in node.children if child.type in types), None)


def line(node: Node) -> int:
    """The line on which `node` begins, from 0."""
    return node.start_point[0]


def ancestors(node: Node) -> Iterator[Node]:
    """The nodes around `node`, innermost first."""
    around = node.parent
    while around is not None:
        yield around
        around = around.parent
