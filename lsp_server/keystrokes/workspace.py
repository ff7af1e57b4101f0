"""The files of a script on disk, and which of them the model is to see beside every file that is typed in.

Knows files and characters only; what a server does with pinned files is its own business.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mellum_ls.lsp_server.keystrokes.script import Script

PINNED_CHARS = 24_000
"""Most characters that are pinned unless somebody says otherwise: 6,000 tokens of code, 13,000 of a lock file."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """A folder that holds a script's files. `pinned` are paths relative to it, the smallest file first."""

    root: Path
    pinned: tuple[str, ...]
    pinned_chars: int


def lay_out(script: Script, root: Path, count: int | None, budget: int) -> Workspace:
    """Write the files of `script` under `root` and pin `count` of those that nobody types in; None is all of them.

    At most `budget` characters are pinned: the file that goes over it is written cut at a line, and later ones are
    not pinned. Raises OSError.
    """
    chosen = script.others()[:count]
    pinned: dict[str, str] = {}
    left = budget
    for path in chosen:
        text = _head(script.files[path], left)
        if not text:
            break
        pinned[path] = text
        left -= len(text)
    for path, text in {**script.files, **pinned}.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode("utf-8", "replace"))
    return Workspace(root, tuple(pinned), budget - left)


def _head(text: str, chars: int) -> str:
    if len(text) <= chars:
        return text
    return text[: text.rfind("\n", 0, chars) + 1]
