"""What an edit changed of a text, found by comparing whole texts about as fast as memory is read.

Knows nothing of tokens.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

# Characters on both sides of an edit within which the next one is expected, and how many may come to lie there.
NEAR, MOST = 1_000, 10_000


class Edit(NamedTuple):
    """A text became another by replacing its [start, old_end), which is [start, new_end) of the other."""

    start: int
    old_end: int
    new_end: int


@dataclass(frozen=True, slots=True)
class EditedText:
    """One state of a text, from which the next is compared.

    Comparing is several times faster with a string at hand than with one cut out for it: cutting looks at every
    character. So what lies far before and far behind the last edit is kept cut out, and typing goes on between them.
    """

    text: str = ""
    head: str = ""
    """The text begins with it."""
    tail: str = ""
    """It ends with it, behind the head."""

    def edited(self, text: str) -> tuple[EditedText, Edit]:
        """The next state, and what changed: one edit, whose ends are different characters of both texts."""
        head, tail = self.head, self.tail
        if len(text) < len(head) + len(tail) or not (text.startswith(head) and text.endswith(tail)):
            head = tail = ""
        edit = _difference(self.text, text, len(head), len(tail))
        if len(text) - len(head) - len(tail) > MOST:
            head, tail = text[: max(0, edit.start - NEAR)], text[edit.new_end + NEAR :]
        return EditedText(text, head, tail), edit


def _difference(old: str, new: str, head: int, tail: int) -> Edit:
    """What changed behind the first `head` and before the last `tail` characters, which are alike.

    What stays is as long as it can be at the beginning, then at the end.
    """
    old_middle, new_middle = old[head : len(old) - tail], new[head : len(new) - tail]
    shorter = min(len(old_middle), len(new_middle))
    start = _common_beginning(old_middle, new_middle, shorter)
    same = _common_end(old_middle, new_middle, shorter - start) + tail
    return Edit(head + start, len(old) - same, len(new) - same)


def _common_beginning(old: str, new: str, limit: int) -> int:
    """Characters that both texts begin with, at most `limit`; halving compares memory instead of characters."""
    known, bound = 0, limit
    while known < bound:
        middle = (known + bound + 1) // 2
        if new.startswith(old[known:middle], known):
            known = middle
        else:
            bound = middle - 1
    return known


def _common_end(old: str, new: str, limit: int) -> int:
    """Characters that both texts end with, at most `limit`."""
    known, bound = 0, limit
    while known < bound:
        middle = (known + bound + 1) // 2
        if new.endswith(old[len(old) - middle : len(old) - known], 0, len(new) - known):
            known = middle
        else:
            bound = middle - 1
    return known
