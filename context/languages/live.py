"""The tree of a document that is being edited: each new text costs what has changed in it. Knows no editor."""

from __future__ import annotations

import time
from collections.abc import Callable

from tree_sitter import Point, Tree

from mellum_ls.context.languages.grammars import Grammar
from mellum_ls.context.languages.parsing import parse

MOST_BYTES = 300_000
"""A larger document is not parsed while it is edited: a megabyte costs tens of milliseconds a key."""
MOST_SECONDS = 0.1
"""For one update; the first one of a document parses all of it."""
_REST_AFTER = 3
"""Updates in a row that were too slow, after which some are left out: 8, then 16, up to 256 before each new try."""
_LONGEST_REST = 256
_BLOCK = 1 << 13


class LiveTree:
    """One document's tree. Not for use by two threads at a time.

    A text has the tree that `parse` gives, whatever was typed before. `clock` gives seconds; the thread's own unless
    another is given, so that a busy machine is no reason for having no tree.
    """

    def __init__(
        self,
        grammar: Grammar,
        *,
        max_bytes: int = MOST_BYTES,
        max_seconds: float = MOST_SECONDS,
        clock: Callable[[], float] = time.thread_time,
    ) -> None:
        self._grammar = grammar
        self._max_bytes = max_bytes
        self._max_seconds = max_seconds
        self._clock = clock
        self._late = 0
        self._left_out = 0
        self.text = b""
        """The text of the last update, as UTF-8."""
        self.tree: Tree | None = None
        """Its tree; None when a limit was passed."""

    @property
    def is_resting(self) -> bool:
        """Whether the document was too slow several times in a row, so that the next update has no tree."""
        return self._late >= _REST_AFTER and self._left_out < min(2**self._late, _LONGEST_REST)

    def update(self, text: str | bytes) -> Tree | None:
        """The tree of `text`, computed from the last one. Half a surrogate pair in a `str` becomes a question mark."""
        new = text.encode("utf-8", "replace") if isinstance(text, str) else text
        if new == self.text and self.tree is not None:
            return self.tree
        old_text, old_tree = self.text, self.tree
        self.text, self.tree = new, None
        if len(new) > self._max_bytes:
            return None
        if self.is_resting:
            self._left_out += 1
            return None
        if old_tree is not None:
            _note_change(old_tree, old_text, new)
        self.tree = self._parse(new, old_tree)
        if old_tree is not None and self.tree is not None and self.tree.root_node.has_error:
            # There is more than one way to recover from an error, and which it is would depend on the earlier text.
            self.tree = self._parse(new, None)
        self._late = 0 if self.tree is not None else self._late + 1
        self._left_out = 0
        return self.tree

    def _parse(self, text: bytes, old_tree: Tree | None) -> Tree | None:
        return parse(
            text,
            self._grammar,
            max_bytes=self._max_bytes,
            max_seconds=self._max_seconds,
            old_tree=old_tree,
            clock=self._clock,
        )


def _note_change(tree: Tree, old: bytes, new: bytes) -> None:
    start, old_end, new_end = changed_span(old, new)
    # One character more: a token without width that stands right behind the change, such as the end of a block in
    # Python, must count as changed. Otherwise nothing behind it is taken over, and the rest is parsed again.
    more = 1
    while _is_inside(old, old_end + more):
        more += 1
    if old_end + more <= len(old):
        old_end, new_end = old_end + more, new_end + more
    tree.edit(start, old_end, new_end, _point(old, start), _point(old, old_end), _point(new, new_end))


def changed_span(old: bytes, new: bytes) -> tuple[int, int, int]:
    """Where two texts differ: the common start, and the end of the difference in each. Never inside a character."""
    shorter = min(len(old), len(new))
    start = _longest(shorter, lambda first, last: old[first:last] == new[first:last])
    while start and (_is_inside(old, start) or _is_inside(new, start)):
        start -= 1
    before, after = len(old), len(new)
    tail = _longest(
        shorter - start,
        lambda first, last: old[before - last : before - first] == new[after - last : after - first],
    )
    while tail and _is_inside(old, before - tail):
        tail -= 1
    return start, before - tail, after - tail


def _longest(most: int, are_equal: Callable[[int, int], bool]) -> int:
    """How far two texts are equal, up to `most`: by blocks, then within the first block that differs."""
    low = 0
    while low < most and are_equal(low, min(low + _BLOCK, most)):
        low = min(low + _BLOCK, most)
    high = min(low + _BLOCK, most)
    while low < high:
        middle = (low + high + 1) // 2
        if are_equal(low, middle):
            low = middle
        else:
            high = middle - 1
    return low


def _is_inside(text: bytes, at: int) -> bool:
    return at < len(text) and text[at] & 0xC0 == 0x80


def _point(text: bytes, at: int) -> Point:
    return Point(text.count(b"\n", 0, at), at - text.rfind(b"\n", 0, at) - 1)
