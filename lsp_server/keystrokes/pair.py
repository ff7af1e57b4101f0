"""Two versions of the same sources to a Script that types the difference: made typing where none was recorded.

Every differing file is opened as it was before; its differences are typed from top to bottom, key by key.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mellum_ls.lsp_server.demo.sources import MAX_BYTES, SKIPPED
from mellum_ls.lsp_server.keystrokes.languages import UNKNOWN, language_of
from mellum_ls.lsp_server.keystrokes.script import Action, BadScript, Change, Move, Open, Script, Step
from mellum_ls.lsp_server.keystrokes.utf16_text import Replacement, Utf16Text

KEY_SECONDS = 0.16  # between two keys of one stretch; the median of the recordings at hand
THINKING_SECONDS = 2.0  # before a stretch begins, with the caret where it will be
_KEY = re.compile(r"\r?\n[ \t]*|.", re.DOTALL)


def typing_between(before: Path, after: Path) -> Script:
    """The typing that makes the sources in `before` those in `after`; files that are gone stay as they were.

    Sources are UTF-8 files of a known language, not hidden and not large. Raises BadScript when a folder is missing or
    nothing differs.
    """
    old, new = _sources(before), _sources(after)
    steps: list[Step] = []
    for path in sorted(new):
        if old.get(path, "") != new[path]:
            steps.append(Step(Open(path, old.get(path, "")), 0.0))
            for stretch in differences(old.get(path, ""), new[path]):
                steps += _typed(path, stretch)
    if not steps:
        raise BadScript(f"nothing differs between the sources in {before} and {after}, so there is nothing to type")
    return Script(f"{before.name} to {after.name}", old, steps)


@dataclass(frozen=True, slots=True)
class Stretch:
    """`new` in place of `old` at `start`, a UTF-16 offset into the text with all stretches before it made."""

    start: int
    old: str
    new: str


def differences(old: str, new: str) -> list[Stretch]:
    """The stretches that differ, in order: whole lines, less what they have in common at both ends."""
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    found = []
    done = ""
    for kind, i1, i2, j1, j2 in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        gone, come = "".join(before[i1:i2]), "".join(after[j1:j2])
        if kind != "equal":
            head = _in_common(gone, come)
            # Neither end may take a character that the other one has taken.
            tail = _in_common(gone[head:][::-1], come[head:][::-1])
            start = len(Utf16Text(done + come[:head]))
            found.append(Stretch(start, gone[head : len(gone) - tail], come[head : len(come) - tail]))
        done += come
    return found


def _in_common(left: str, right: str) -> int:
    """How many characters two texts begin with alike."""
    pairs = enumerate(zip(left, right, strict=False))
    return next((place for place, (one, other) in pairs if one != other), min(len(left), len(right)))


def _typed(path: str, stretch: Stretch) -> Iterator[Step]:
    start, selected = stretch.start, len(Utf16Text(stretch.old))
    yield Step(Move(path, start, start + selected), THINKING_SECONDS)
    actions: list[Action] = []
    if selected:
        actions.append(Change(path, (Replacement(start, start + selected, ""),), start))
    for key in _KEY.findall(stretch.new):
        end = start + len(Utf16Text(key))
        actions.append(Change(path, (Replacement(start, start, key),), end))
        start = end
    yield from (Step(action, KEY_SECONDS) for action in actions)


def _sources(folder: Path) -> dict[str, str]:
    if not folder.is_dir():
        raise BadScript(f"{folder} is not a folder")
    found = {}
    for parent, names, files in os.walk(folder):
        names[:] = sorted(name for name in names if not name.startswith(".") and name not in SKIPPED)
        for name in sorted(files):
            path = Path(parent, name)
            if name.startswith(".") or path.is_symlink() or language_of(name) == UNKNOWN:
                continue
            text = _text(path)
            if text is not None:
                found[path.relative_to(folder).as_posix()] = text
    return found


def _text(path: Path) -> str | None:
    try:
        if path.stat().st_size > MAX_BYTES:
            return None
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return None
