"""A function takes something else than before: its calls follow. Gives only what is at hand: a variable of that name.

A call that may have been changed already, or that does not say what it gives, is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Node

from mellum_ls.context.edits.arranging import Step, arranged, steps
from mellum_ls.context.edits.changes import changed_lines, swaps
from mellum_ls.context.edits.desk import Desk, restored
from mellum_ls.context.edits.occurrences import Occurrence, Source
from mellum_ls.context.edits.owners import declared_type, owner
from mellum_ls.context.edits.placing import Edit
from mellum_ls.context.edits.references import Subject, uses_at_home, uses_elsewhere
from mellum_ls.context.edits.signatures import (
    FUNCTIONS,
    Argument,
    Parameter,
    arguments,
    call_of,
    name_node,
    parameters,
)
from mellum_ls.context.edits.types import Hunk, ProposalKind

_CONSTRUCTORS = frozenset({"__init__", "constructor"})
_MOST_WORDS = 60


@dataclass(frozen=True, slots=True)
class Change:
    """A definition and what its parameters were and are."""

    subject: Subject
    old: list[Parameter]
    new: list[Parameter]
    steps: list[Step]
    static: bool
    was: str
    """The parameters in their brackets, as they were written before."""
    now: str


def call_sites(hunk: Hunk, desk: Desk) -> Iterator[Edit]:
    """The edits of calls that a hunk's changed parameters ask for."""
    for change in changed_functions(hunk, desk):
        yield from _edits(change, desk)


def changed_functions(hunk: Hunk, desk: Desk) -> Iterator[Change]:
    """The functions whose parameters a hunk has changed."""
    now, text = desk.source(hunk.path), desk.text(hunk.path)
    if now is None or text is None or (was := restored(text, hunk)) is None:
        return
    functions = _functions(now, hunk)
    before = now.edited(was) if functions else None
    if before is None:
        return
    for function in functions:
        change = _changed(function, now, before, hunk)
        if change is not None:
            yield change


def _functions(now: Source, hunk: Hunk) -> list[Node]:
    """The functions whose parameters stand on changed lines."""
    found: dict[int, Node] = {}
    lines = changed_lines(hunk)
    starts = _line_starts(now.text)
    count = 0
    for line in sorted(lines):
        if line + 1 >= len(starts):
            continue
        for word in _words(now.text, starts[line], starts[line + 1]):
            count += 1
            if count > _MOST_WORDS:
                return list(found.values())
            for node, _ in now.chain(word, word + 1):
                taken = node.child_by_field_name("parameters") if node.type in FUNCTIONS else None
                if taken is not None and any(taken.start_point.row <= at <= taken.end_point.row for at in lines):
                    found[node.id] = node
    return list(found.values())


def _line_starts(text: bytes) -> list[int]:
    starts, at = [0], text.find(b"\n")
    while at >= 0:
        starts.append(at + 1)
        at = text.find(b"\n", at + 1)
    return [*starts, len(text) + 1]


def _words(text: bytes, start: int, end: int) -> Iterator[int]:
    inside = False
    for at in range(start, min(end, start + 400, len(text))):
        word = chr(text[at]).isalnum() or text[at] == 95
        if word and not inside:
            yield at
        inside = word


def _changed(function: Node, now: Source, before: Source, hunk: Hunk) -> Change | None:
    if _is_broken(function):
        return None
    name = name_node(function)
    here = now.at(name) if name is not None else None
    if here is None:
        return None
    called = now.said(name)
    subject = _subject(now, here, function)
    old_names = [swap.old[0] for swap in swaps(hunk) if swap.is_name and swap.new[0] == called]
    then = _same(before, [called, *old_names], subject, here)
    if subject is None or then is None or _is_broken(then):
        return None
    static = _is_static(now, function)
    bound = here.role == "bind" and bool(now.class_around(here.chain)) and not static and _is_in_class(here)
    old, new = parameters(before, then, bound=bound), parameters(now, function, bound=bound)
    if old is None or new is None or old == new:
        return None
    taken = steps(old, new)
    if taken is None:
        return None
    texts = (source.said(node.child_by_field_name("parameters")) for source, node in ((before, then), (now, function)))
    return Change(subject, old, new, taken, static, *texts)


def _is_broken(function: Node) -> bool:
    taken = function.child_by_field_name("parameters")
    return taken is None or taken.has_error


def _is_in_class(one: Occurrence) -> bool:
    return one.chain[one.scope][0].type in ("class_definition", "class_body", "interface_body", "enum_body")


def _is_static(source: Source, function: Node) -> bool:
    """Whether Python's first parameter is none of the receiver."""
    around = function.parent
    return (
        around is not None
        and around.type == "decorated_definition"
        and any("staticmethod" in source.said(child) for child in around.children if child.type == "decorator")
    )


def _subject(source: Source, here: Occurrence, function: Node) -> Subject | None:
    """What is called: the function, or the class where it is a constructor."""
    name = source.said(here.node)
    if name in _CONSTRUCTORS or function.type == "constructor_declaration":
        owner_name = source.class_around(here.chain)
        classes = [one for one in source.occurrences(owner_name) if one.role == "bind" and one.kind == "class"]
        if len(classes) != 1 or _count(source, name, here, function) != 1:
            return None
        return Subject(source, owner_name, source.meaning(classes[0]), classes[0])
    if here.role != "bind":
        return None
    key = source.meaning(here)
    same = [one for one in source.occurrences(name) if one.role == "bind" and source.meaning(one) == key]
    # Several are overloads, or a name that is bound again.
    return Subject(source, name, key, here) if len(same) == 1 else None


def _count(source: Source, name: str, here: Occurrence, function: Node) -> int:
    """How many constructors of this name a class has."""
    body = function.parent
    while body is not None and body.type in ("decorated_definition",):
        body = body.parent
    if body is None:
        return 0
    found = 0
    for child in body.named_children:
        inner = child.child_by_field_name("definition") or child
        if inner.type == function.type and source.said(inner.child_by_field_name("name")) == name:
            found += 1
    return found


def _same(before: Source, names: list[str], subject: Subject | None, here: Occurrence) -> Node | None:
    """The function as it was."""
    if subject is None:
        return None
    around = _class_of(subject.source, here)
    for name in dict.fromkeys(names):
        found = []
        for one in before.occurrences(name):
            functions = [node for node, _ in one.chain[1:4] if node.type in FUNCTIONS]
            declared = one.chain[1][0].child_by_field_name("value") if len(one.chain) > 1 else None
            if declared is not None and declared.type in FUNCTIONS:
                functions = [declared]
            same = _class_of(before, one) == around
            if functions and same and _names(functions[0], one):
                found.append((abs(one.chain[-2][0].start_point.row - here.chain[-2][0].start_point.row), functions[0]))
        if len(found) == 1:
            return found[0][1]
    return None


def _class_of(source: Source, one: Occurrence) -> str:
    key = source.meaning(one) if one.role == "bind" else ("", "", "")
    return str(key[1]) if key[0] == "member" else source.class_around(one.chain)


def _names(function: Node, one: Occurrence) -> bool:
    named = name_node(function)
    return named is not None and named.start_byte == one.start


def _edits(change: Change, desk: Desk) -> Iterator[Edit]:
    subject = change.subject
    for one in uses_at_home(subject, desk):
        if (edit := _edit(change, subject.source, one, desk)) is not None:
            yield edit
    for count, (other, places) in enumerate(uses_elsewhere(subject, desk)):
        for one in places:
            if (edit := _edit(change, other, one, desk)) is not None:
                yield edit
        if count >= 8:
            break


def _edit(change: Change, source: Source, one: Occurrence, desk: Desk) -> Edit | None:
    call = call_of(source, one)
    given = arguments(source, call) if call is not None else None
    if call is None or given is None or _goes_through_class(change, source, one):
        return None
    node, old = given
    touched = any(row in desk.touched(source.path) for row in range(call.start_point.row, call.end_point.row + 1))

    def at_hand(parameter: Parameter) -> str | None:
        return _variable(source, one, parameter)

    new = arranged(change.old, change.new, change.steps, old, at_hand, touched=touched, keywords=_has_keywords(source))
    if new is None or new == [argument.text for argument in old]:
        return None
    return _replace(source, node, old, new, f"call of {change.subject.name} follows its parameters")


def _has_keywords(source: Source) -> bool:
    return source.grammar.name == "python"


def _goes_through_class(change: Change, source: Source, one: Occurrence) -> bool:
    """`Class.method(object, …)`: the receiver is an argument."""
    if source.grammar.name != "python" or one.role != "member" or change.static or not change.subject.owner:
        return False
    receiver = one.chain[1][0].child_by_field_name("object")
    return source.said(receiver) == owner(source, one).name


def _variable(source: Source, one: Occurrence, parameter: Parameter) -> str | None:
    """A variable that is called like the parameter and is set where the call stands."""
    name = parameter.name
    key = source.sees(one, name, "value") if name else None
    if key is None:
        return None
    bound = [other for other in source.occurrences(name) if other.role == "bind" and source.meaning(other) == key]
    if not bound or any(other.kind not in ("parameter", "variable") for other in bound):
        return None
    first = bound[0]
    if first.start > one.start or key[0] != "scope":
        return None
    kind = declared_type(source, first)
    if kind is not None and parameter.type and kind not in parameter.type:
        return None
    # On the same statement it is being set: `total = add(total)` is fine only where it was set before.
    statement = first.chain[first.binder][0]
    if first.kind == "variable" and statement.start_byte <= one.start < statement.end_byte:
        return None
    return name


def _replace(source: Source, node: Node, old: list[Argument], new: list[str], reason: str) -> Edit | None:
    """The smallest edit that gives a call these arguments."""
    texts = [argument.text for argument in old]
    first = 0
    while first < min(len(texts), len(new)) and texts[first] == new[first]:
        first += 1
    last = 0
    while last < min(len(texts), len(new)) - first and texts[-1 - last] == new[-1 - last]:
        last += 1
    taken, put = old[first : len(old) - last], new[first : len(new) - last]
    if taken and put:
        start, end, text = taken[0].start, taken[-1].end, ", ".join(put)
    elif put:
        start, end, text = _insertion(source, node, old, first, put)
    elif len(taken) == len(old):
        start, end, text = node.start_byte + 1, node.end_byte - 1, ""
    elif first + len(taken) < len(old):
        start, end, text = taken[0].start, old[first + len(taken)].start, ""
    else:
        start, end, text = old[first - 1].end, taken[-1].end, ""
    return edit_at(source, start, end, text, reason)


def _insertion(source: Source, node: Node, old: list[Argument], first: int, put: list[str]) -> tuple[int, int, str]:
    if not old:
        return node.start_byte + 1, node.start_byte + 1, ", ".join(put)
    if first < len(old):
        # As far apart as the others are: one a line, or all on one.
        gap = ", "
        if first + 1 < len(old):
            gap = source.text[old[first].end : old[first + 1].start].decode("utf-8", "replace")
        return old[first].start, old[first].start, "".join(text + gap for text in put)
    gap = ", "
    if len(old) > 1:
        gap = source.text[old[-2].end : old[-1].start].decode("utf-8", "replace")
    return old[-1].end, old[-1].end, "".join(gap + text for text in put)


def edit_at(source: Source, start: int, end: int, text: str, reason: str, kind: ProposalKind = "call_site") -> Edit:
    """The edit that puts `text` in place of the bytes start..end."""

    def place(at: int) -> tuple[int, int]:
        head = source.text.rfind(b"\n", 0, at) + 1
        return source.text.count(b"\n", 0, head), len(source.text[head:at].decode("utf-8", "replace"))

    old = source.text[start:end].decode("utf-8", "replace")
    return Edit(source.path, *place(start), *place(end), old, text, kind, reason)
