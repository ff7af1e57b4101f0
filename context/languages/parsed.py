"""A text with its tree: the symbols around a line, what is broken in it, its code without comments.

Knows one text at a time, and no file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Node, Tree

from mellum_ls.context.languages.definitions import COMMENTS
from mellum_ls.context.languages.grammars import Grammar, grammar_of
from mellum_ls.context.languages.names import enclosing
from mellum_ls.context.languages.outline import outline
from mellum_ls.context.languages.parsing import parse
from mellum_ls.context.languages.symbols import Symbol


@dataclass(frozen=True, slots=True)
class Parsed:
    """A text with \\n line ends; without a grammar, or too large, it has neither symbols nor faults."""

    text: str
    tree: Tree | None
    symbols: tuple[Symbol, ...]

    def around(self, line: int) -> tuple[Symbol, ...]:
        """The symbols that hold the line, the outermost first."""
        return enclosing(self.symbols, line)

    def within(self, first: int, last: int) -> frozenset[str]:
        """Names of the symbols that begin and end in these lines."""
        return frozenset(each.name for each in self.symbols if first <= each.start_line and each.end_line <= last)

    @property
    def faults(self) -> int:
        """How many places the parser could make no sense of."""
        return 0 if self.tree is None else _faults(self.tree.root_node)

    def code(self) -> list[bytes]:
        """The text's lexemes in order, without comments and docstrings; empty where there is no tree."""
        return [] if self.tree is None else list(_lexemes(self.tree.root_node))


def parsed(text: str, path: str, language_id: str) -> Parsed:
    """Parse a text by the document's language, or else by its name."""
    grammar: Grammar | None = grammar_of(path, language_id)
    data = text.encode("utf-8", "replace")
    tree = None if grammar is None else parse(data, grammar)
    return Parsed(text, tree, () if tree is None or grammar is None else outline(data, tree, grammar))


def _faults(root: Node) -> int:
    count, nodes = 0, [root]
    while nodes:
        node = nodes.pop()
        count += node.is_error or node.is_missing
        if node.has_error:
            nodes += node.children
    return count


def _lexemes(root: Node) -> Iterator[bytes]:
    nodes = [root]
    while nodes:
        node = nodes.pop()
        if node.type in COMMENTS or _is_docstring(node):
            continue
        if node.child_count == 0 or node.type == "string":
            yield node.text or b""
        else:
            nodes += reversed(node.children)


def _is_docstring(node: Node) -> bool:
    return node.type == "expression_statement" and node.child_count == 1 and node.children[0].type == "string"
