"""Parsing within limits: a text too large or too slow has no tree, and nothing here raises. Knows no language."""

from __future__ import annotations

import time
from collections.abc import Callable

from tree_sitter import Parser, Tree

from mellum_ls.context.languages.grammars import Grammar

MOST_BYTES = 1_000_000
"""A larger text is not parsed: it is data or generated, and costs more than it tells."""
MOST_SECONDS = 2.0
"""A megabyte takes a tenth of that; what takes longer drives the parser's error recovery to its end."""
# The parser asks for the text piece by piece; most texts are one piece.
_PIECE = 1 << 16


def parse(
    text: bytes,
    grammar: Grammar,
    *,
    max_bytes: int = MOST_BYTES,
    max_seconds: float = MOST_SECONDS,
    old_tree: Tree | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> Tree | None:
    """The tree of `text` (UTF-8), with error nodes where it is broken; None when a limit is passed.

    `old_tree` is the tree of an earlier text on which `Tree.edit` has been called for every change since. None also
    where the grammar cannot be loaded. Rows of a tree end at `\\n` alone.
    """
    if len(text) > max_bytes:
        return None
    end = clock() + max_seconds

    def read(offset: int, _point: object) -> bytes:
        return text[offset : offset + _PIECE]

    def is_late(_offset: int, _has_error: bool) -> bool:
        return clock() > end

    try:
        # A parser is cheap to make, and must not be shared between threads or used on after it was stopped.
        parser = Parser(grammar.load())
        if old_tree is None:
            return parser.parse(read, progress_callback=is_late)
        return parser.parse(read, old_tree, progress_callback=is_late)
    except (ValueError, ImportError):
        return None
