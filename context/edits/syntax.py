"""Whether an edit breaks a text: a parser's errors before and after it. Knows nothing of what an edit means."""

from __future__ import annotations

from tree_sitter import Node, Tree

from mellum_ls.context.languages.grammars import Grammar
from mellum_ls.context.languages.parsing import parse


def gets_worse(before: str, after: str, grammar: Grammar) -> bool:
    """Whether `after` has more syntax errors than `before`; also when it cannot be parsed while `before` can."""
    old = parse(before.encode("utf-8", "replace"), grammar)
    new_text = after.encode("utf-8", "replace")
    return old is not None and breaks(old, new_text, grammar)


def breaks(tree: Tree, edited: bytes, grammar: Grammar) -> bool:
    """The same for who has the tree of the text as it is."""
    new = parse(edited, grammar)
    return new is None or errors(new) > errors(tree)


def errors(tree: Tree) -> tuple[int, int]:
    """How many places of a tree are broken, and how many bytes of them the parser could make nothing of."""
    count = size = 0
    waiting: list[Node] = [tree.root_node]
    while waiting:
        node = waiting.pop()
        if node.is_missing:
            count += 1
        elif node.is_error:
            count += 1
            size += node.end_byte - node.start_byte
        if node.has_error:
            waiting.extend(node.children)
    return count, size
