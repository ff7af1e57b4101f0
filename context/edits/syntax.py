"""Whether an edit breaks a text: a parser's errors before and after it. Knows nothing of what an edit means."""

from __future__ import annotations

from tree_sitter import Node, Tree

from mellum_ls.context.edits.merging import common_prefix, common_suffix
from mellum_ls.context.languages.grammars import Grammar
from mellum_ls.context.languages.parsing import parse


def gets_worse(before: str, after: str, grammar: Grammar) -> bool:
    """Whether `after` has more syntax errors than `before`; also when it cannot be parsed while `before` can."""
    text = before.encode("utf-8", "replace")
    tree = parse(text, grammar)
    return tree is not None and breaks(tree, text, after.encode("utf-8", "replace"), grammar)


def breaks(tree: Tree, text: bytes, edited: bytes, grammar: Grammar) -> bool:
    """The same for who has the tree of the text as it is."""
    new = reparse(tree, text, edited, grammar)
    return new is None or errors(new) > errors(tree)


def reparse(tree: Tree, text: bytes, edited: bytes, grammar: Grammar) -> Tree | None:
    """The tree of `edited`, made from that of `text`, which stays as it is; None as for `parse`."""
    start = common_prefix(text, edited)
    same = common_suffix(text, edited, min(len(text), len(edited)) - start)
    old_end, new_end = len(text) - same, len(edited) - same
    old = tree.copy()
    old.edit(start, old_end, new_end, _point(text, start), _point(text, old_end), _point(edited, new_end))
    return parse(edited, grammar, old_tree=old)


def _point(text: bytes, at: int) -> tuple[int, int]:
    return text.count(b"\n", 0, at), at - text.rfind(b"\n", 0, at) - 1


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
