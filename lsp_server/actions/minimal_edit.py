"""From old and new lines to the smallest changes between them: what stays is not touched. Knows lines alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher


@dataclass(frozen=True, slots=True)
class Change:
    """`text` takes the place of start..end. Lines count from 0, columns are string indexes, ends of lines are \\n."""

    start_line: int
    start: int
    end_line: int
    end: int
    text: str


def minimal_changes(old: Sequence[str], new: Sequence[str], first_line: int = 0) -> tuple[Change, ...]:
    """The changes that make `new` of `old`, lines without ends that begin at `first_line` of the document.

    In order, none touching another; both have at least one line.
    """
    found = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return tuple(
        _change(old, new, first_line, start, end, new_start, new_end)
        for tag, start, end, new_start, new_end in found
        if tag != "equal"
    )


def _change(
    old: Sequence[str], new: Sequence[str], first_line: int, start: int, end: int, new_start: int, new_end: int
) -> Change:
    text = "\n".join(new[new_start:new_end])
    if start < end and new_start < new_end:
        return _trimmed(old[start:end], text, first_line + start)
    at = first_line + start
    if start < end:  # deleted
        if end < len(old):
            return Change(at, 0, first_line + end, 0, "")
        return Change(at - 1, len(old[start - 1]), first_line + end - 1, len(old[end - 1]), "")
    if start < len(old):
        return Change(at, 0, at, 0, text + "\n")
    return Change(at - 1, len(old[-1]), at - 1, len(old[-1]), "\n" + text)


def _trimmed(lines: Sequence[str], text: str, first_line: int) -> Change:
    """Without what both begin and end with."""
    before = "\n".join(lines)
    most = min(len(before), len(text))
    head = 0
    while head < most and before[head] == text[head]:
        head += 1
    tail = 0
    while tail < most - head and before[-1 - tail] == text[-1 - tail]:
        tail += 1
    start_line, start = _place(before, head, first_line)
    end_line, end = _place(before, len(before) - tail, first_line)
    return Change(start_line, start, end_line, end, text[head : len(text) - tail])


def _place(text: str, index: int, first_line: int) -> tuple[int, int]:
    return first_line + text.count("\n", 0, index), index - (text.rfind("\n", 0, index) + 1)
