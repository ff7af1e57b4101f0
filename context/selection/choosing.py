"""What of a ranking goes into so many characters: text for the most part, and many heads in the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mellum_ls.context.selection.candidates import Candidate, Key
from mellum_ls.context.selection.fusion import Scored
from mellum_ls.context.selection.rendering import head_chars, size

HEAD_SHARE = 0.25
"""Heads tell where a name is from, in little room; from code like that at hand a model takes more."""
_FILE_SHARE = 0.5
"""The heads of one file may take this much of what heads may take."""
_MOST_SKIPPED = 12
"""When so many pieces in a row do not fit, the rest is not tried."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen, by form, the best first, and what it takes in characters."""

    heads: tuple[Scored, ...]
    lines: tuple[Scored, ...]
    chars: int

    @property
    def keys(self) -> frozenset[Key]:
        """What was chosen."""
        return frozenset(item.key for item in (*self.heads, *self.lines))


def choose(ranked: Sequence[Scored], chars: int) -> Choice:
    """The best of `ranked` for at most `chars` characters in all; what one form leaves goes to the other."""
    lines = [item for item in ranked if item.candidate.form == "lines"]
    heads = [item for item in ranked if item.candidate.form == "outline"]
    some, spent = _lines(lines, chars - int(chars * HEAD_SHARE))
    shown = [item.candidate for item in some]
    chosen, used = _heads(heads, chars - spent, shown)
    if len(some) < len(lines):
        more, extra = _lines([item for item in lines if item not in some], chars - spent - used)
        some, spent = [*some, *more], spent + extra
    some.sort(key=lambda item: (-item.score, item.key))
    return Choice(tuple(chosen), tuple(some), spent + used)


def _lines(ranked: Sequence[Scored], room: int) -> tuple[list[Scored], int]:
    chosen: list[Scored] = []
    used = skipped = 0
    for item in ranked:
        cost = size(item.candidate.path, item.candidate.text)
        if used + cost <= room:
            chosen.append(item)
            used += cost
        elif (skipped := skipped + 1) == _MOST_SKIPPED:
            break
    return chosen, used


def _heads(ranked: Sequence[Scored], room: int, shown: Sequence[Candidate]) -> tuple[list[Scored], int]:
    """The best heads with the heads around them; none whose body is among `shown`."""
    known: Mapping[Key, Scored] = {item.key: item for item in ranked}
    bodies: dict[str, list[Candidate]] = {}
    for body in shown:
        bodies.setdefault(body.path, []).append(body)
    chosen: dict[Key, Scored] = {}
    files: Counter[str] = Counter()
    most_of_file = max(room * _FILE_SHARE, 1000)
    used = skipped = 0
    for item in ranked:
        candidate, _, key, _ = item
        path = candidate.path
        if key in chosen or (path in bodies and any(holds(body, candidate) for body in bodies[path])):
            continue
        wanted = [item]
        if candidate.container:
            wanted += [known[one] for one in _around(candidate) if one in known and one not in chosen]
        cost = 0 if path in files else size(path, "")
        for one in wanted:
            cost += head_chars(one.candidate) + 1
        if used + cost > room or files[path] + cost > most_of_file:
            if used + cost > room and (skipped := skipped + 1) == _MOST_SKIPPED:
                break
            continue
        for one in wanted:
            chosen[one.key] = one
        files[path] += cost
        used += cost
    return list(chosen.values()), used


def holds(body: Candidate, head: Candidate) -> bool:
    """Whether the lines of `body` show the first line of `head`."""
    return body.path == head.path and body.start_line <= head.start_line < body.end_line


def _around(candidate: Candidate) -> list[Key]:
    """The keys of the symbols around a symbol."""
    parts = candidate.container.split(".") if candidate.container else []
    return [(candidate.path, "outline", f"{'.'.join(parts[:depth])}.{parts[depth]}", 0) for depth in range(len(parts))]
