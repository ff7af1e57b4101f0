"""A definition got another name: its other uses follow. Abstains where a name would come to mean something else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mellum_ls.context.edits.changes import Swap, swaps
from mellum_ls.context.edits.desk import Desk
from mellum_ls.context.edits.occurrences import Key, Occurrence, Source
from mellum_ls.context.edits.owners import sets_attribute
from mellum_ls.context.edits.placing import Edit
from mellum_ls.context.edits.references import Subject, uses_at_home, uses_elsewhere
from mellum_ls.context.edits.types import Hunk

# Their definitions are one place each; more are overloads, of which the others keep the name.
_ONE_PLACE = frozenset({"function", "class", "member"})


@dataclass(frozen=True, slots=True)
class _Site:
    """A place where the user has changed the name, in the text that has the old one again."""

    line: int
    column: int
    now: int
    """The column in the text as it is."""


def renames(hunk: Hunk, desk: Desk) -> Iterator[Edit]:
    """The edits that a hunk's renamed definitions ask for."""
    pairs: dict[tuple[str, str], list[Swap]] = {}
    for swap in swaps(hunk):
        if swap.is_name:
            pairs.setdefault((swap.old[0], swap.new[0]), []).append(swap)
    for (old, new), places in pairs.items():
        if not _is_taken_back(desk, hunk, old, new):
            yield from _rename(hunk.path, old, new, places, desk)


def _is_taken_back(desk: Desk, hunk: Hunk, old: str, new: str) -> bool:
    """Whether the user has turned the new name into the old one somewhere too, as who exchanges two parameters does."""
    return any(
        swap.is_name and (swap.old[0], swap.new[0]) == (new, old)
        for later in desk.hunks
        if later.at >= hunk.at
        for swap in swaps(later)
    )


def _rename(path: str, old: str, new: str, places: list[Swap], desk: Desk) -> Iterator[Edit]:
    text, now = desk.text(path), desk.source(path)
    if text is None or now is None:
        return
    before, sites = _restore(text, old, places)
    source = now.edited(before)
    if source is None:
        return
    changed = _at(source, old, sites)
    done: set[Key] = set()
    for occurrence in changed:
        subject = _subject(source, old, occurrence)
        if subject is None or subject.key in done or not _is_sound(now, sites, new):
            continue
        done.add(subject.key)
        if _is_whole(subject, changed) and not _clashes(subject, new, desk):
            yield from _edits(subject, new, sites, changed, desk)


def _restore(text: str, old: str, places: list[Swap]) -> tuple[str, list[_Site]]:
    """The text with the old name at the changed places."""
    lines, sites = text.split("\n"), []
    moved: dict[int, int] = {}
    for swap in sorted(places, key=lambda swap: (swap.line, swap.column)):
        column = swap.column + moved.get(swap.line, 0)
        line = lines[swap.line]
        lines[swap.line] = line[:column] + old + line[column + len(swap.new[0]) :]
        sites.append(_Site(swap.line, column, swap.column))
        moved[swap.line] = moved.get(swap.line, 0) + len(old) - len(swap.new[0])
    return "\n".join(lines), sites


def _at(source: Source, name: str, sites: list[_Site]) -> list[Occurrence]:
    wanted = {(site.line, site.column) for site in sites}
    return [one for one in source.occurrences(name) if (one.line, _column(source, one)) in wanted]


def _column(source: Source, one: Occurrence) -> int:
    start = source.text.rfind(b"\n", 0, one.start) + 1
    return len(source.text[start : one.start].decode("utf-8", "replace"))


def _subject(source: Source, name: str, one: Occurrence) -> Subject | None:
    """What was renamed; None where the place is no definition."""
    if one.node.type == "shorthand_property_identifier_pattern":
        # What is taken out of an object is called as the object calls it.
        return None
    if one.role == "bind":
        key = source.meaning(one)
        return Subject(source, name, key, one)
    if sets_attribute(source, one) and (owner := source.class_around(one.chain)):
        return Subject(source, name, ("member", owner, ""), one)
    return None


def _is_sound(now: Source, sites: list[_Site], new: str) -> bool:
    """Whether the new name is a name for the parser too, in code that it understands."""
    wanted = {(site.line, site.now) for site in sites}
    found = [one for one in now.occurrences(new) if (one.line, _column(now, one)) in wanted]
    return bool(found) and not any(node.type == "ERROR" for one in found for node, _ in one.chain[:8])


def _is_whole(subject: Subject, changed: list[Occurrence]) -> bool:
    """Whether the definition was renamed, and not one of several places that give a value."""
    source, starts = subject.source, {one.start for one in changed}
    bound = [
        one for one in source.occurrences(subject.name) if one.role == "bind" and source.meaning(one) == subject.key
    ]
    if not bound:
        # An attribute that is declared by being set: the first time counts.
        bound = [
            one
            for one in source.occurrences(subject.name)
            if sets_attribute(source, one) and source.class_around(one.chain) == subject.owner
        ]
    if bound and bound[0].kind in _ONE_PLACE:
        return all(one.start in starts for one in bound)
    return bool(bound) and bound[0].start in starts


def _clashes(subject: Subject, new: str, desk: Desk) -> bool:
    """Whether the new name is another one's already where the old one was bound."""
    source, touched = subject.source, desk.touched(subject.source.path)
    others = [one for one in source.occurrences(new) if one.line not in touched]
    if any(one.role == "bind" and source.meaning(one)[:2] == subject.key[:2] for one in others):
        return True
    if subject.key[0] != "scope" or subject.key[1] == source.tree.root_node.id:
        return False
    # What the new name means further out would be hidden where it is used.
    return any(
        one.role == "use"
        and any(node.id == subject.key[1] for node, _ in one.chain)
        and not _is_within(source.meaning(one), subject, one)
        for one in others
    )


def _is_within(key: Key, subject: Subject, one: Occurrence) -> bool:
    """Whether what a name means is bound inside of the subject's scope."""
    depth = {node.id: up for up, (node, _) in enumerate(one.chain)}
    return key[0] == "scope" and depth.get(int(key[1]), len(depth)) < depth.get(int(subject.key[1]), 0)


def _edits(subject: Subject, new: str, sites: list[_Site], changed: list[Occurrence], desk: Desk) -> Iterator[Edit]:
    source, old = subject.source, subject.name
    reason = f"rename of {old} to {new}"
    starts = {one.start for one in changed}
    subjects = [subject, *_property(subject)]
    seen: set[int] = set()
    found = False
    for each in subjects:
        for one in uses_at_home(each, desk):
            if one.start in starts or one.start in seen or _is_captured(each, source, one, new, desk):
                continue
            seen.add(one.start)
            column = _column(source, one)
            # Where the user's own changes stand before it on the line.
            column += sum(len(new) - len(old) for site in sites if site.line == one.line and site.column < column)
            found = True
            put = f"{old}: {new}" if one.is_shorthand else new
            yield Edit(source.path, one.line, column, one.line, column + len(old), old, put, "rename", reason)
    for each in subjects:
        for count, (other, places) in enumerate(uses_elsewhere(each, desk)):
            for one in places:
                if not _is_captured(None, other, one, new, desk):
                    column = _column(other, one)
                    put = f"{old}: {new}" if one.is_shorthand else new
                    yield Edit(other.path, one.line, column, one.line, column + len(old), old, put, "rename", reason)
            if found and count >= 3:
                break


def _property(subject: Subject) -> list[Subject]:
    """The property that a constructor's parameter with an access modifier declares."""
    one = subject.definition
    node = one.chain[one.binder][0]
    if one.kind == "parameter" and any(child.type == "accessibility_modifier" for child in node.children):
        owner = subject.source.class_around(one.chain)
        return [Subject(subject.source, subject.name, ("member", owner, ""), one)] if owner else []
    return []


def _is_captured(subject: Subject | None, source: Source, one: Occurrence, new: str, desk: Desk) -> bool:
    """Whether the new name would mean something else there."""
    if one.role not in ("use", "bind"):
        return False
    seen = source.sees(one, new)
    if seen is None or (subject is not None and seen[:2] == subject.key[:2]):
        return False
    touched = desk.touched(source.path)
    bound = [other for other in source.occurrences(new) if other.role == "bind" and source.meaning(other) == seen]
    if subject is not None and subject.key[0] == "scope":
        # Further out than the old name it is hidden by the new one, in the same way at all places.
        depth = {node.id: up for up, (node, _) in enumerate(one.chain)}
        if depth.get(int(seen[1]) if seen[0] == "scope" else -1, 0) > depth.get(int(subject.key[1]), 0):
            return False
    return any(other.line not in touched for other in bound)
