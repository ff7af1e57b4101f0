"""The user has replaced the same words twice: the next place that has them. Never a definition, nor another thing that
is only called the same."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mellum_ls.context.edits.changes import Swap, chained
from mellum_ls.context.edits.desk import Desk
from mellum_ls.context.edits.occurrences import Key, Occurrence, Source
from mellum_ls.context.edits.owners import key_of
from mellum_ls.context.edits.placing import Edit
from mellum_ls.context.edits.types import Hunk

TIMES = 2
_SHORTEST = 3
_NAME = re.compile(r"[^\W\d]\w*\Z")
_Pair = tuple[tuple[str, ...], tuple[str, ...]]


def repeats(path: str, hunks: list[Hunk], desk: Desk) -> Iterator[Edit]:
    """The edits that go on with what the hunks of a file did at several places."""
    places: dict[_Pair, list[Swap]] = {}
    for hunk in hunks:
        if hunk.path == path:
            for swap in chained(hunk):
                places.setdefault((swap.old, swap.new), []).append(swap)
    for (old, new), found in places.items():
        names = [word for word in old if _NAME.match(word) and len(word) >= _SHORTEST]
        backwards = (new, old) in places
        if len({(swap.line, swap.column) for swap in found}) >= TIMES and names and not backwards:
            yield from _others(path, old, new, found, desk)


def _others(path: str, old: tuple[str, ...], new: tuple[str, ...], found: list[Swap], desk: Desk) -> Iterator[Edit]:
    text, now = desk.text(path), desk.source(path)
    restored = None if text is None else _restored(text, old, new, found)
    if restored is None or now is None:
        return
    before, places = restored
    source = now.edited(before)
    if source is None:
        return
    first = next(word for word in old if _NAME.match(word))
    skipped = len("".join(old[: old.index(first)]))
    changed = {place: one for one in source.occurrences(first) if (place := _place(source, one, skipped)) in places}
    keys = {_meaning(source, one) for one in changed.values()}
    if (
        len(changed) < TIMES
        or len(keys) != 1
        or any(one.role in ("bind", "key", "import_name") for one in changed.values())
    ):
        return
    shift = len("".join(new)) - len("".join(old))
    said = "".join(old)
    lines = before.split("\n")
    reason = f"the same replacement of {first} again"
    for one in source.occurrences(first):
        line, column = _place(source, one, skipped)
        if (line, column) in places or _meaning(source, one) not in keys or one.role in ("bind", "key", "import_name"):
            continue
        if lines[line][column : column + len(said)] != said or not _fits(lines[line], column, len(said), found):
            continue
        at = column + sum(shift for other, where in places if other == line and where < column)
        kind = "call_site" if found[0].after == "(" else "rename"
        yield Edit(path, line, at, line, at + len(said), said, "".join(new), kind, reason)  # type: ignore[arg-type]


def _restored(
    text: str, old: tuple[str, ...], new: tuple[str, ...], found: list[Swap]
) -> tuple[str, set[tuple[int, int]]] | None:
    """The text with the old words back, and where they stand in it."""
    lines, places = text.split("\n"), set()
    moved: dict[int, int] = {}
    said, put = "".join(old), "".join(new)
    for swap in sorted(found, key=lambda swap: (swap.line, swap.column)):
        column = swap.column + moved.get(swap.line, 0)
        if swap.line >= len(lines) or lines[swap.line][column : column + len(put)] != put:
            return None
        lines[swap.line] = lines[swap.line][:column] + said + lines[swap.line][column + len(put) :]
        places.add((swap.line, column))
        moved[swap.line] = moved.get(swap.line, 0) + len(said) - len(put)
    return "\n".join(lines), places


def _place(source: Source, one: Occurrence, skipped: int) -> tuple[int, int]:
    start = source.text.rfind(b"\n", 0, one.start) + 1
    return one.line, len(source.text[start : one.start].decode("utf-8", "replace")) - skipped


def _meaning(source: Source, one: Occurrence) -> tuple[str, Key]:
    key = key_of(source, one)
    return (one.role if key[0] == "free" else "", key)


def _fits(line: str, column: int, length: int, found: list[Swap]) -> bool:
    """Whether the words around are those that were around the others, as far as those agree."""
    after = {swap.after for swap in found}
    rest = line[column + length :].lstrip()
    if len(after) == 1 and (word := after.pop()) and not _NAME.match(word) and not rest.startswith(word):
        return False
    dots = {swap.before == "." for swap in found}
    return len(dots) > 1 or dots.pop() == line[:column].rstrip().endswith(".")
