"""A method takes something else than before: those that override or implement it follow, where they took the same.

Classes that say in their heads that they extend the changed one; what a language leaves unsaid is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from mellum_ls.context.edits.call_sites import Change, changed_functions, edit_at
from mellum_ls.context.edits.desk import Desk
from mellum_ls.context.edits.occurrences import Occurrence, Source
from mellum_ls.context.edits.owners import bases
from mellum_ls.context.edits.placing import Edit
from mellum_ls.context.edits.references import Subject, uses_elsewhere
from mellum_ls.context.edits.signatures import FUNCTIONS, name_node
from mellum_ls.context.edits.types import Hunk


def overrides(hunk: Hunk, desk: Desk) -> Iterator[Edit]:
    """The edits of parameters that a hunk's changed parameters ask for."""
    for change in changed_functions(hunk, desk):
        owner = change.subject.owner
        if not owner or owner.startswith("?") or change.subject.name == owner:
            continue
        yield from _in(change.subject.source, {owner}, change, desk)
        classes = [one for one in change.subject.source.occurrences(owner) if _is_class(one)]
        if len(classes) != 1:
            continue
        source = change.subject.source
        base = Subject(source, owner, source.meaning(classes[0]), classes[0])
        for other, places in uses_elsewhere(base, desk):
            yield from _in(other, {other.said(one.node) for one in places}, change, desk)


def _is_class(one: Occurrence) -> bool:
    return one.role == "bind" and one.kind == "class"


def _in(source: Source, names: set[str], change: Change, desk: Desk) -> Iterator[Edit]:
    """Those of one file, in which the changed class has one of `names`."""
    for one in source.occurrences(change.subject.name):
        function = _method(source, one)
        taken = None if function is None else function.child_by_field_name("parameters")
        if taken is None or source.said(taken) != change.was or taken.start_point.row in desk.touched(source.path):
            continue
        owner = str(source.meaning(one)[1])
        if owner in names or names.isdisjoint(bases(source, owner)):
            continue
        yield _edit(source, taken, change)


def _method(source: Source, one: Occurrence) -> Node | None:
    """The method that an occurrence names; None where it is none."""
    if one.role != "bind" or source.meaning(one)[0] != "member":
        return None
    for node, _ in one.chain[1:3]:
        named = name_node(node) if node.type in FUNCTIONS else None
        if named is not None and named.start_byte == one.start:
            return node
    return None


def _edit(source: Source, taken: Node, change: Change) -> Edit:
    was, now = change.was.encode(), change.now.encode()
    head = 0
    while head < min(len(was), len(now)) and was[head] == now[head]:
        head += 1
    tail = 0
    while tail < min(len(was), len(now)) - head and was[-1 - tail] == now[-1 - tail]:
        tail += 1
    while head and now[head : head + 1] and now[head] & 0xC0 == 0x80:
        head -= 1  # not within a character
    while tail and now[len(now) - tail] & 0xC0 == 0x80:
        tail -= 1
    reason = f"override of {change.subject.name} follows its parameters"
    text = now[head : len(now) - tail].decode()
    return edit_at(source, taken.start_byte + head, taken.end_byte - tail, text, reason, "parameter")
