"""What each contender puts before the current file: nothing, open files, the context engine's choice, or the answer's
own definition. Knows texts and characters; no model, no index.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Literal, TypeAlias

from mellum_ls.lsp_server.context_bench.cases import Case
from mellum_ls.lsp_server.context_bench.sources import Sources

Arm = Literal["none", "open", "ours", "oracle"]
ARMS: tuple[Arm, ...] = ("none", "open", "ours", "oracle")
Context: TypeAlias = "tuple[tuple[str, str], ...]"
"""Path and text of each piece, the nearest to the current file last."""
Choose: TypeAlias = "Callable[[Case, int], Context]"
"""The pieces for a case in at most so many characters, headers included."""

WINDOW_LINES = 60
"""Of an open file that is shown, and of the text before the cursor that it is compared with."""
HEADER_CHARS = 4
"""What a piece costs besides its path and its text."""
_WORD = re.compile(r"[^\W\d]\w+")


def size_of(path: str, text: str) -> int:
    """The characters that a piece takes in the prompt."""
    return len(path) + len(text) + HEADER_CHARS


def nothing(case: Case, chars: int) -> Context:
    """No context: the current file alone."""
    del case, chars
    return ()


class OpenFiles:
    """Of each open file the lines that are most like those before the cursor, as editors without an index choose."""

    def __init__(self, old: Sources) -> None:
        self._old = old

    def __call__(self, case: Case, chars: int) -> Context:
        """The best windows, the best one last."""
        near = _words("\n".join(case.prefix.split("\n")[-WINDOW_LINES:]))
        found: list[tuple[float, str, str]] = []
        for path in case.open_files:
            score, text = _best_window(self._old.files[path].text, near)
            found.append((score, path, text))
        chosen: list[tuple[str, str]] = []
        for _, path, text in sorted(found, key=lambda one: (-one[0], one[1])):
            size = size_of(path, text)
            if size <= chars:
                chosen.append((path, text))
                chars -= size
        return tuple(reversed(chosen))


class Oracle:
    """The definitions of the very name that the target needs: what a perfect choice would contain."""

    def __init__(self, old: Sources) -> None:
        self._old = old

    def __call__(self, case: Case, chars: int) -> Context:
        """Each definition whole, or as many of its lines as there is room for."""
        chosen: list[tuple[str, str]] = []
        for one in case.definitions:
            lines = self._old.files[one.path].text.split("\n")[one.start_line : one.end_line + 1]
            while lines and size_of(one.path, "\n".join(lines)) > chars:
                lines.pop()
            if lines:
                chosen.append((one.path, "\n".join(lines)))
                chars -= size_of(*chosen[-1])
        return tuple(chosen)


def fit(pieces: Sequence[tuple[str, str]], chars: int) -> Context:
    """Those from the first one on that there is room for, as the model's prompt keeps them."""
    kept: list[tuple[str, str]] = []
    for path, text in pieces:
        if size_of(path, text) > chars:
            break
        kept.append((path, text))
        chars -= size_of(path, text)
    return tuple(kept)


def _best_window(text: str, near: frozenset[str]) -> tuple[float, str]:
    lines = text.split("\n")
    words = [_words(line) for line in lines]
    best = (-1.0, 0)
    # Half a window a step: a window in between differs little from one of its neighbours.
    for start in range(0, max(1, len(lines) - WINDOW_LINES // 2), WINDOW_LINES // 2):
        here = frozenset().union(*words[start : start + WINDOW_LINES])
        union = len(here | near)
        score = len(here & near) / union if union else 0.0
        best = max(best, (score, -start))
    start = -best[1]
    return best[0], "\n".join(lines[start : start + WINDOW_LINES])


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text))
