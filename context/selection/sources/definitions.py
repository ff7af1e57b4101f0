"""Definitions of the names near the cursor and of those that the file imports, and the members of classes among them.

A name is a guess: what it means here no one has worked out. So what is imported goes first, then what lies close by,
and a name that is defined in many places counts for little.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from mellum_ls.context.index.rows import Definition
from mellum_ls.context.selection.affinity import by_use, is_private
from mellum_ls.context.selection.candidates import Candidate, head_of, lines_of
from mellum_ls.context.selection.question import Question, Wanted
from mellum_ls.context.selection.sources.desk import Desk, closeness, family_of

_MOST_NAMES = 80
_MOST_IMPORTED = 32
_PASSED_ON = 0.9
"""What a definition counts to which an import leads by way of a file that passes it on."""
_MANY = 5
"""A name with more definitions than this says little."""
_LEAST_BODY_WEIGHT = 0.4
_MOST_BODIES = 8
_MOST_BODY_LINES = 48
_MOST_CLASSES = 16
_MOST_MEMBERS = 40

Found = list[tuple[float, Wanted, Definition]]


def meant(question: Question, desk: Desk) -> Found:
    """What the names may mean, the likeliest first, with a weight from 0 to 1."""
    wanted = question.wanted[:_MOST_NAMES]
    by_name = _by_name(wanted, question, desk)
    imported = dict.fromkeys(question.imported_files, 1.0)
    for path in question.imported_files[:_MOST_IMPORTED]:
        for other in desk.passed_on(path):
            imported.setdefault(other, _PASSED_ON)
    found: Found = []
    for want in wanted:
        found += _weighed(want, by_name.get(want.name, []), question, imported)
    found.sort(key=lambda item: (-item[0], item[2].path, item[2].start_line))
    return found


def _by_name(wanted: Sequence[Wanted], question: Question, desk: Desk) -> Mapping[str, list[Definition]]:
    """What the names may mean, what is imported in front: of a name that is everywhere the index tells a few only."""
    names = {want.name for want in wanted}
    found: dict[str, dict[tuple[str, int], Definition]] = defaultdict(dict)
    for path in question.imported_files[:_MOST_IMPORTED]:
        for definition in desk.outline(path):
            if definition.name in names:
                found[definition.name].setdefault((path, definition.start_line), definition)
    for definition in desk.index.definitions(names):
        if definition.path != question.place.path:
            found[definition.name].setdefault((definition.path, definition.start_line), definition)
    return {name: list(definitions.values()) for name, definitions in found.items()}


def _weighed(want: Wanted, definitions: list[Definition], question: Question, imported: Mapping[str, float]) -> Found:
    family = family_of(question.place.path, question.place.language_id)
    private = is_private(want.name) and not want.imported
    near = [definition for definition in definitions if definition.path in imported]
    if want.imported and (direct := [definition for definition in near if not definition.container]):
        definitions = direct
    found: Found = []
    for definition in definitions:
        path = definition.path
        weight = imported.get(path) or 0.2 + 0.6 * closeness(question.place.path, path)
        if want.imported and definition.container:
            weight *= 0.1
        if private and path not in imported:
            weight *= 0.5
        if family_of(path) != family:
            weight *= 0.2
        found.append((want.weight * weight, want, definition))
    share = 1.0 if len(found) <= 1 else 0.3 if len(found) > _MANY else len(found) ** -0.5
    if len(want.name) < 3:
        share *= 0.3
    return [(weight * share, want, definition) for weight, want, definition in found]


def heads(found: Found) -> list[Candidate]:
    """The heads of what is meant."""
    return [head_of(definition, f"defines {want.name}, {want.why}") for _, want, definition in found]


def bodies(found: Found) -> list[Candidate]:
    """The likeliest definitions with their bodies, as far as they are short enough to be read."""
    chosen: list[Candidate] = []
    for weight, want, definition in found:
        if weight < _LEAST_BODY_WEIGHT or len(chosen) == _MOST_BODIES:
            break
        end = min(definition.end_line + 1, definition.start_line + _MOST_BODY_LINES)
        reason = f"defines {want.name}, {want.why}"
        chosen.append(lines_of(definition.path, definition.start_line, end, reason, definition.name))
    return chosen


def members(found: Found, question: Question, desk: Desk) -> list[Candidate]:
    """The members of the classes among what is meant, and of the classes that these are derived from."""
    classes: dict[tuple[str, str], tuple[Wanted, Definition]] = {}
    for _, want, definition in found:
        if definition.kind == "class" and len(classes) < _MOST_CLASSES:
            classes.setdefault((definition.path, _full(definition)), (want, definition))
    for want, definition in _bases(classes.values(), desk):
        classes.setdefault((definition.path, _full(definition)), (want, definition))
    ranked: list[tuple[float, int, Candidate]] = []
    for place, (want, definition) in enumerate(classes.values()):
        full = _full(definition)
        own = [item for item in desk.outline(definition.path) if item.container == full]
        why = f"a member of {definition.name}, {want.why}"
        for row, member in enumerate(by_use(own, question.words, private=want.base)[:_MOST_MEMBERS]):
            ranked.append((4 * place + row, place, head_of(member, why)))
    ranked.sort(key=lambda item: item[:2])
    return [candidate for *_, candidate in ranked]


def _full(definition: Definition) -> str:
    return f"{definition.container}.{definition.name}" if definition.container else definition.name


def _bases(classes: Iterable[tuple[Wanted, Definition]], desk: Desk) -> list[tuple[Wanted, Definition]]:
    """The classes named in the heads of the classes, each the closest of its name."""
    asked: dict[str, tuple[Wanted, Definition]] = {}
    for want, definition in classes:
        head = definition.signature.partition(definition.name)[2]
        for name in _identifiers(head):
            if name[:1].isupper():
                asked.setdefault(name, (want, definition))
    best: dict[str, Definition] = {}
    for base in desk.index.definitions(list(asked)[:24]):
        derived = asked[base.name][1]
        if base.kind == "class" and not base.container and base.path != "":
            known = best.get(base.name)
            if known is None or closeness(derived.path, base.path) > closeness(derived.path, known.path):
                best[base.name] = base
    return [(asked[name][0], best[name]) for name in asked if name in best]


def _identifiers(text: str) -> list[str]:
    return "".join(char if char.isidentifier() or char.isdigit() else " " for char in text).split()
