"""Arithmetic on changed lines: what differs between two texts, how a hunk moves or grows by a later change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import TypeVar

from mellum_ls.context.edits.types import Hunk

_Text = TypeVar("_Text", str, bytes)


@dataclass(frozen=True, slots=True)
class Replaced:
    """The lines `old` from line `start` became `new`."""

    start: int
    old: tuple[str, ...]
    new: tuple[str, ...]


def common_prefix(one: _Text, other: _Text) -> int:
    """How many characters both begin with; compares slices, so that a long text costs no loop over its characters."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def common_suffix(one: _Text, other: _Text, most: int) -> int:
    """How many characters both end with, at most `most`."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if one[len(one) - middle : len(one) - low] == other[len(other) - middle : len(other) - low]:
            low = middle
        else:
            high = middle - 1
    return low


def difference(before: str, after: str) -> Replaced:
    """The smallest run of whole lines that has all differences; lines that were only added or removed stand alone."""
    prefix = common_prefix(before, after)
    suffix = common_suffix(before, after, min(len(before), len(after)) - prefix)
    first = before.rfind("\n", 0, prefix) + 1
    start = before.count("\n", 0, first)
    # The line that has the last difference is part of it up to its end.
    end = before.find("\n", len(before) - suffix)
    tail = 0 if end < 0 else len(before) - end
    old = before[first : len(before) - tail].split("\n")
    new = after[first : len(after) - tail].split("\n")
    while old and new and old[-1] == new[-1]:
        old.pop()
        new.pop()
    while old and new and old[0] == new[0]:
        old.pop(0)
        new.pop(0)
        start += 1
    return Replaced(start, tuple(old), tuple(new))


def merged(path: str, near: Sequence[Hunk], change: Replaced, lines: Sequence[str], at: float) -> Hunk:
    """A change and the hunks near it as one. `near` lie apart from each other and stand in `lines`, which is the text
    before the change."""
    change_end = change.start + len(change.old)
    start = min([change.start, *(hunk.start_line for hunk in near)])
    end = max([change_end, *(hunk.start_line + len(hunk.new) for hunk in near)])
    new = [*lines[start : change.start], *change.new, *lines[change_end:end]]
    old = list(lines[start:end])
    # From the last to the first, so that those before it stand where they say.
    for hunk in sorted(near, key=lambda hunk: (hunk.start_line, len(hunk.new)), reverse=True):
        old[hunk.start_line - start : hunk.start_line - start + len(hunk.new)] = hunk.old
    return Hunk(path, start, tuple(old), tuple(new), at)


def stands(hunk: Hunk, lines: Sequence[str]) -> bool:
    """Whether the lines of a hunk are in the text where it says."""
    return tuple(lines[hunk.start_line : hunk.start_line + len(hunk.new)]) == hunk.new


def overlap(one: Hunk, other: Hunk) -> bool:
    """Whether two hunks of a text share a line."""
    return one.start_line < other.start_line + len(other.new) and other.start_line < one.start_line + len(one.new)


def follow(hunk: Hunk, change: Replaced) -> list[Hunk]:
    """What is left of a hunk in the text after a change that is no part of it: where it stands now, or those places of
    it that the change has not overwritten.

    A change of the same lines that leaves alone what the hunk had changed is made in its old text as well: the hunk
    still says what it was about. Where it goes on with what the hunk had changed, the hunk tells of both.
    """
    if (whole := _followed(hunk, change)) is not None:
        return [whole]
    parts = places(hunk.start_line, hunk.old, hunk.new)
    hunks = (replace(hunk, start_line=at, old=old, new=new) for at, old, new in parts)
    return [moved for part in hunks if len(parts) > 1 and (moved := _followed(part, change)) is not None]


def places(start: int, old: Sequence[str], new: Sequence[str]) -> list[tuple[int, tuple[str, ...], tuple[str, ...]]]:
    """The runs of lines that differ: where each stands in the new text, what it was and what it is."""
    if len(old) == len(new):
        codes = [("x", at, at + 1, at, at + 1) for at in range(len(old)) if old[at] != new[at]]
    else:
        found = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
        codes = [code for code in found if code[0] != "equal"]
    return [(start + at, tuple(old[first:last]), tuple(new[at:end])) for _, first, last, at, end in codes]


def _followed(hunk: Hunk, change: Replaced) -> Hunk | None:
    end = hunk.start_line + len(hunk.new)
    if change.start + len(change.old) <= hunk.start_line:
        return replace(hunk, start_line=hunk.start_line + len(change.new) - len(change.old))
    if change.start >= end:
        return hunk
    if change.start < hunk.start_line or change.start + len(change.old) > end:
        return None
    now = list(hunk.new)
    at = change.start - hunk.start_line
    now[at : at + len(change.old)] = change.new
    if hunk.old and hunk.new and now:
        rebased = _rebase("\n".join(hunk.old), "\n".join(hunk.new), "\n".join(now))
        return replace(hunk, old=hunk.old if rebased is None else tuple(rebased.split("\n")), new=tuple(now))
    return replace(hunk, new=tuple(now))


def _rebase(old: str, new: str, later: str) -> str | None:
    """What `old` becomes when the step from `new` to `later` is made in it; None where both touch the same."""
    prefix = common_prefix(old, new)
    suffix = common_suffix(old, new, min(len(old), len(new)) - prefix)
    start = common_prefix(new, later)
    same = common_suffix(new, later, min(len(new), len(later)) - start)
    end, put = len(new) - same, later[start : len(later) - same]
    if end <= prefix and not (end == prefix and start == end and put and put[-1].isalnum()):
        return old[:start] + put + old[end:]
    if start >= len(new) - suffix and not (start == len(new) - suffix and put and put[0].isalnum()):
        shift = len(old) - len(new)
        return old[: start + shift] + put + old[end + shift :]
    return None
