"""Renames where scopes are not resolved here: a top-level name that is the only one of its name in its file.

Whatever else binds the name, a local variable or a member, is a reason to abstain.
"""

from __future__ import annotations

from collections.abc import Iterator

from mellum_ls.context.edits.binding_rules import RULES
from mellum_ls.context.edits.changes import swaps
from mellum_ls.context.edits.desk import Desk
from mellum_ls.context.edits.placing import Edit
from mellum_ls.context.edits.types import Hunk
from mellum_ls.context.languages import definitions
from mellum_ls.context.languages.grammars import Grammar, grammar_of
from mellum_ls.context.languages.names import uses
from mellum_ls.context.languages.parsing import parse

_LANGUAGES = frozenset({"c", "cpp", "csharp", "rust", "kotlin", "swift", "php", "scala", "ruby", "lua"})
_TOP = frozenset({"class", "type", "function", "constant"})
_MEMBER_MARKS = (b".", b"->", b"$")


def plain_renames(hunk: Hunk, desk: Desk) -> Iterator[Edit]:
    """The other uses of top-level names that a hunk has changed, in the same file."""
    grammar, text = grammar_of(hunk.path), desk.text(hunk.path)
    if grammar is None or text is None or grammar.name not in _LANGUAGES or grammar.name in RULES:
        return
    changed = [swap for swap in swaps(hunk) if swap.is_name]
    for old, new in dict.fromkeys((swap.old[0], swap.new[0]) for swap in changed):
        lines = text.split("\n")
        # From the right, so that the columns of those on the left stay.
        places = [swap for swap in changed if (swap.old[0], swap.new[0]) == (old, new)]
        for swap in sorted(places, key=lambda swap: (swap.line, -swap.column)):
            line = lines[swap.line]
            lines[swap.line] = line[: swap.column] + old + line[swap.column + len(new) :]
        yield from _rename(hunk.path, "\n".join(lines), old, new, [swap.line for swap in places], grammar)


def _rename(path: str, before: str, old: str, new: str, sites: list[int], grammar: Grammar) -> Iterator[Edit]:
    data, name = before.encode("utf-8", "replace"), old.encode("utf-8", "replace")
    tree = parse(data, grammar)
    if tree is None or len(set(sites)) != 1:
        return
    found = definitions.find(data, tree, grammar).definitions
    own = [
        one for one in found if one.name == old and not (one.container == old and one.kind in ("function", "method"))
    ]
    if len(own) != 1 or own[0].kind not in _TOP or own[0].container or own[0].in_function or own[0].name_node is None:
        return
    if any(one.name == new for one in found) or own[0].name_node.start_point.row != sites[0]:
        return
    used = [one for one in uses(data, tree, grammar) if one.name == old]
    # Constructors and destructors are called like their class.
    within = [one.name_node for one in found if one.name == old and one is not own[0] and one.name_node is not None]
    starts = {one.start_byte for one in used} | {node.end_byte - len(name) for node in within}
    if _is_bound_again(data, name, starts | {own[0].name_node.start_byte}, tree.root_node.end_byte):
        return
    for start in sorted(starts):
        head = data.rfind(b"\n", 0, start) + 1
        line = data.count(b"\n", 0, head)
        if line in sites or data[start : start + len(name)] != name or data[:start].rstrip().endswith(_MEMBER_MARKS):
            continue
        column = len(data[head:start].decode("utf-8", "replace"))
        yield Edit(path, line, column, line, column + len(old), old, new, "rename", f"rename of {old} to {new}")


def _is_bound_again(data: bytes, name: bytes, known: set[int], end: int) -> bool:
    """Whether the name stands in the text where it is neither defined nor used. A comment or a string that has it may
    be meant as well: then the languages' queries cannot tell, and the rename is left to the user."""
    at = data.find(name, 0, end)
    while at >= 0:
        before, after = data[at - 1 : at], data[at + len(name) : at + len(name) + 1]
        is_word = not (before.isalnum() or before == b"_") and not (after.isalnum() or after == b"_")
        if is_word and at not in known:
            return True
        at = data.find(name, at + 1, end)
    return False
