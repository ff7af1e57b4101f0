"""What a hunk did, word by word: which words took the place of which. Knows lines and words, and no language."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

from mellum_ls.context.edits.types import Hunk

_WORDS = re.compile(r"[^\W\d]\w*|\d[\w.]*|\s+|[^\w\s]")
_NAME = re.compile(r"[^\W\d]\w*\Z")
MOST_WORDS = 1_500


@dataclass(frozen=True, slots=True)
class Swap:
    """Words of a hunk that took the place of others. The place is in the text as it is now; columns are characters."""

    old: tuple[str, ...]
    new: tuple[str, ...]
    line: int
    column: int
    end_column: int
    """On the same line; what goes over several lines is no swap."""
    before: str
    """The word on its left, blanks aside; empty at the start of the hunk."""
    after: str

    @property
    def is_name(self) -> bool:
        """Whether one name took the place of another."""
        return len(self.old) == len(self.new) == 1 and bool(_NAME.match(self.old[0]) and _NAME.match(self.new[0]))


def swaps(hunk: Hunk) -> list[Swap]:
    """The words that a hunk has exchanged, in order; none where it is too large to be compared."""
    old, new = (_WORDS.findall("\n".join(lines)) for lines in (hunk.old, hunk.new))
    if max(len(old), len(new)) > MOST_WORDS:
        return []
    places = _places(hunk.start_line, new)
    found = []
    for code, first, last, start, end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if code != "replace":
            continue
        taken, put = old[first:last], new[start:end]
        if len(taken) == len(put) and sum(map(str.isspace, taken)) == sum(map(str.isspace, put)):
            pairs = [(first + at, start + at, 1) for at in range(len(taken)) if taken[at] != put[at]]
        else:
            pairs = []
            if not any("\n" in word for word in (*taken, *put)):
                line, column = places[start]
                width = sum(map(len, put))
                around = _around(new, start, end)
                found.append(Swap(tuple(taken), tuple(put), line, column, column + width, *around))
        for there, here, _ in pairs:
            if "\n" not in old[there] + new[here]:
                line, column = places[here]
                around = _around(new, here, here + 1)
                found.append(Swap((old[there],), (new[here],), line, column, column + len(new[here]), *around))
    return found


def chained(hunk: Hunk) -> list[Swap]:
    """The same with all of a dotted name: `a.f` for `b.f` where only `a` and `b` differ."""
    old, new = (_WORDS.findall("\n".join(lines)) for lines in (hunk.old, hunk.new))
    if max(len(old), len(new)) > MOST_WORDS:
        return []
    ranges: list[list[int]] = []
    for code, first, last, start, end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if code == "equal":
            continue
        left, right = _reach(new, start, end)
        whole = [first - (start - left), last + (right - end), left, right]
        if ranges and whole[2] <= ranges[-1][3]:
            ranges[-1] = [ranges[-1][0], whole[1], ranges[-1][2], whole[3]]
        else:
            ranges.append(whole)
    places, found = _places(hunk.start_line, new), []
    for first, last, start, end in ranges:
        taken, put = old[first:last], new[start:end]
        if taken and put and not any(word.isspace() for word in (*taken, *put)):
            line, column = places[start]
            around = _around(new, start, end)
            found.append(Swap(tuple(taken), tuple(put), line, column, column + sum(map(len, put)), *around))
    return found


def _reach(words: list[str], start: int, end: int) -> tuple[int, int]:
    """The dotted name around some words."""
    while start > 0 and (
        words[start - 1] == "." or (_NAME.match(words[start - 1]) and words[start : start + 1] == ["."])
    ):
        start -= 1
    while end < len(words) and (words[end] == "." or (_NAME.match(words[end]) and words[end - 1] == ".")):
        end += 1
    return start, end


def added_names(hunk: Hunk) -> list[str]:
    """Names that a hunk has and had not before, in order, each once."""
    old = set(_WORDS.findall("\n".join(hunk.old)))
    return [
        word for word in dict.fromkeys(_WORDS.findall("\n".join(hunk.new))) if word not in old and _NAME.match(word)
    ]


def changed_lines(hunk: Hunk) -> set[int]:
    """The lines of the text as it is now that a hunk has touched."""
    if len(hunk.old) == len(hunk.new):
        return {hunk.start_line + at for at in range(len(hunk.new)) if hunk.old[at] != hunk.new[at]}
    touched: set[int] = set()
    for code, _, _, start, end in SequenceMatcher(None, hunk.old, hunk.new, autojunk=False).get_opcodes():
        if code != "equal":
            touched.update(range(hunk.start_line + start, hunk.start_line + max(end, start + 1)))
    return touched


def _places(line: int, words: list[str]) -> list[tuple[int, int]]:
    places, column = [], 0
    for word in words:
        places.append((line, column))
        breaks = word.count("\n")
        line += breaks
        column = len(word) - word.rfind("\n") - 1 if breaks else column + len(word)
    return places


def _around(words: list[str], start: int, end: int) -> tuple[str, str]:
    before = next((word for word in reversed(words[:start]) if not word.isspace()), "")
    after = next((word for word in words[end:] if not word.isspace()), "")
    return before, after
