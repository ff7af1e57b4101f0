"""Where a definition is used: in its own file, and in others. What is not certain is left out.

A member of a receiver whose class is not written counts only where its name says enough by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mellum_ls.context.edits.desk import Desk
from mellum_ls.context.edits.links import Links, links
from mellum_ls.context.edits.occurrences import Key, Occurrence, Source
from mellum_ls.context.edits.owners import is_or_extends, key_of, owner

# Names that libraries have as well; the receiver may be one of theirs.
_OF_LIBRARIES = frozenset(
    [
        "add_argument",
        "add_listener",
        "addEventListener",
        "appendChild",
        "charAt",
        "compareTo",
        "containsKey",
        "createElement",
        "entrySet",
        "equalsIgnoreCase",
        "forEach",
        "getClass",
        "getElementById",
        "getItem",
        "getName",
        "getValue",
        "hasNext",
        "hasOwnProperty",
        "hashCode",
        "indexOf",
        "is_dir",
        "is_file",
        "isEmpty",
        "isalnum",
        "isalpha",
        "isdigit",
        "keySet",
        "lastIndexOf",
        "nextInt",
        "nextLine",
        "preventDefault",
        "printStackTrace",
        "println",
        "querySelector",
        "querySelectorAll",
        "read_bytes",
        "read_text",
        "readline",
        "readlines",
        "removeEventListener",
        "replaceAll",
        "setItem",
        "setName",
        "setTimeout",
        "setValue",
        "splitlines",
        "startsWith",
        "endsWith",
        "toArray",
        "toFixed",
        "toList",
        "toLowerCase",
        "toString",
        "toUpperCase",
        "write_text",
        "writelines",
    ]
)
_COMPOUND = re.compile(r"[a-z0-9]_[a-zA-Z]|[a-z][A-Z]")


@dataclass(frozen=True, slots=True)
class Subject:
    """A definition whose uses are wanted, in the text in which it still has the name `name`."""

    source: Source
    name: str
    key: Key
    definition: Occurrence

    @property
    def owner(self) -> str:
        """The class that it is a member of; empty for none."""
        return str(self.key[1]) if self.key[0] == "member" else ""

    @property
    def is_top(self) -> bool:
        """Whether other files may name it."""
        root = self.source.tree.root_node.id
        return self.key[0] == "scope" and self.key[1] == root and self.definition.kind != "import"


def uses_at_home(subject: Subject, desk: Desk) -> list[Occurrence]:
    """All places in its own file that mean it, the definitions among them."""
    source = subject.source
    unsure = _may_guess(subject, desk)
    return [one for one in source.occurrences(subject.name) if _is_meant(subject, source, one, unsure)]


def uses_elsewhere(subject: Subject, desk: Desk) -> Iterator[tuple[Source, list[Occurrence]]]:
    """The places in other files that mean it, file by file."""
    if not subject.is_top and not (subject.owner and not subject.owner.startswith("?")):
        return
    path = subject.source.path
    for other in desk.others(path, subject.name):
        link = links(other, path, desk.index)
        if not link:
            continue
        if subject.is_top:
            found = [one for one in other.occurrences(subject.name) if _is_imported(subject, other, one, link)]
        else:
            found = _members_elsewhere(subject, other, link, desk)
        if found:
            yield other, found


def _is_meant(subject: Subject, source: Source, one: Occurrence, unsure: bool) -> bool:
    if one.role in ("key", "import_name"):
        return False
    key = key_of(source, one)
    if key == subject.key:
        return True
    if not subject.owner:
        return False
    if key[0] == "member":
        # A class that extends the owner and has no such member of its own.
        return one.role != "bind" and _inherits(source, str(key[1]), subject.owner, subject.name)
    if one.role == "member":
        return unsure and key[1] == "" and owner(source, one).kind == "unknown"
    around = source.class_around(one.chain) if one.role == "use" and source.rules.class_scopes_are_seen else ""
    return bool(around) and key[0] == "free" and _inherits(source, around, subject.owner, subject.name)


def _inherits(source: Source, name: str, base: str, member: str) -> bool:
    if name == base or not is_or_extends(source, name, base):
        return False
    return not any(
        one.role == "bind" and source.meaning(one) == ("member", name, "") for one in source.occurrences(member)
    )


def _may_guess(subject: Subject, desk: Desk) -> bool:
    """Whether a member of this name is this one, whatever the receiver is."""
    name = subject.name
    if not subject.owner or len(name) < 6 or name in _OF_LIBRARIES or not _COMPOUND.search(name):
        return False
    here = {subject.source.meaning(one) for one in subject.source.occurrences(name) if one.role == "bind"}
    elsewhere = {one.path for one in desk.definitions(name)}
    return here <= {subject.key} and elsewhere <= {subject.source.path}


def _is_imported(subject: Subject, other: Source, one: Occurrence, link: Links) -> bool:
    """Whether a place in another file means a name of the subject's file."""
    name = subject.name
    if one.role == "import_name" or (one.role == "bind" and one.kind == "import"):
        statement = one.import_statement()
        at = -1 if statement is None else statement.start_point.row
        return at in link.lines and name in (*link.lines[at].names, *_classes(link, at))
    if one.role == "use":
        bindings = other.bindings(one)
        if not bindings:
            return link.everything
        return bindings[0].kind == "import" and _is_imported(subject, other, bindings[0], link)
    if one.role == "member":
        return _receiver(other, one) in link.modules and _is_module(other, one)
    return False


def _classes(link: Links, at: int) -> tuple[str, ...]:
    """A class that is imported by its whole name."""
    one = link.lines[at]
    return one.aliases if not one.names and "." in one.module and one.module.endswith("." + one.aliases[0]) else ()


def _receiver(source: Source, one: Occurrence) -> str:
    parent, place = one.chain[1][0], (one.chain[1][0].type, one.chain[0][1])
    field = source.rules.members.get(place)
    return source.said(parent.child_by_field_name(field)) if field else ""


def _is_module(source: Source, one: Occurrence) -> bool:
    """Whether the receiver is what an import binds, and not something else of that name."""
    found = owner(source, one)
    receiver = _receiver(source, one)
    return (
        found.kind == "import"
        or "." in receiver
        or (source.grammar.name == "go" and found.kind == "unknown" and (source.sees(one, receiver) is None))
    )


def _members_elsewhere(subject: Subject, other: Source, link: Links, desk: Desk) -> list[Occurrence]:
    here = link.names.get(subject.owner, subject.owner if link.everything else "")
    own = {source_class for source_class in (here,) if source_class}
    if not own and not link.modules:
        return []
    if any(one.role == "bind" and one.kind == "class" for one in other.occurrences(here) if here):
        # A class of its own has that name.
        return []
    unsure = _may_guess(subject, desk)
    found = []
    for one in other.occurrences(subject.name):
        if one.role not in ("member", "field_key", "use"):
            continue
        if one.role == "use":
            around = other.class_around(one.chain) if other.rules.class_scopes_are_seen else ""
            free = other.meaning(one)[0] == "free"
            if around and free and here and _inherits(other, around, here, subject.name):
                found.append(one)
            continue
        of = owner(other, one)
        if of.kind == "unknown":
            if unsure and one.role == "member":
                found.append(one)
        elif of.name in own or (of.kind == "class" and here and _inherits(other, of.name, here, subject.name)):
            found.append(one)
    return found
