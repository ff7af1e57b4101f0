"""Candidates as the text that a model reads: lines as they stand, heads of one file as a skeleton. Only text."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from mellum_ls.context.languages.grammars import grammar_of
from mellum_ls.context.selection.candidates import Candidate

HEADER_CHARS = 16
"""What the prompt needs for a file beside its path and text, counted generously."""
_STEP = "    "


def head_line(candidate: Candidate) -> str:
    """One symbol's head as a line of a skeleton, indented by what is around it."""
    depth = candidate.container.count(".") + 1 if candidate.container else 0
    return _STEP * depth + candidate.text + _tail(candidate)


def head_chars(candidate: Candidate) -> int:
    """The length of its line."""
    depth = candidate.container.count(".") + 1 if candidate.container else 0
    return len(_STEP) * depth + len(candidate.text) + len(_tail(candidate))


def _tail(candidate: Candidate) -> str:
    if candidate.text.endswith(":") or not _is_python(candidate.path):
        return ""
    if candidate.kind == "class":
        return ":"
    return ": ..." if candidate.kind in ("function", "method") else ""


@lru_cache(maxsize=4096)
def _is_python(path: str) -> bool:
    grammar = grammar_of(path)
    return grammar is not None and grammar.name == "python"


def skeleton(heads: Iterable[Candidate]) -> str:
    """The heads of symbols of one file in the order in which they stand there."""
    ordered = sorted(heads, key=lambda head: (head.start_line, -head.end_line, head.name))
    return "\n".join(head_line(head) for head in ordered)


def size(path: str, text: str) -> int:
    """Characters of the prompt that a piece takes."""
    return len(path) + len(text) + HEADER_CHARS
