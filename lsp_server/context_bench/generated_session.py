"""`python -m mellum_ls.lsp_server.context_bench.generated_session`: an editing session made from two releases.

The changes between them are typed key by key, in several files by turns, with slips that are erased and typed again;
written as a recording that `mellum-ls bench keystrokes --recording` plays. Equal releases, keys and seed make equal
sessions.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mellum_ls.lsp_server.context_bench.sources import Sources
from mellum_ls.lsp_server.keystrokes.pair import KEY_SECONDS, THINKING_SECONDS, Stretch, differences
from mellum_ls.lsp_server.keystrokes.recording import VERSION
from mellum_ls.lsp_server.keystrokes.script import BadScript
from mellum_ls.lsp_server.keystrokes.utf16_text import Utf16Text

KEYS = 1_000
MOST_FILES = 6
"""Files that are typed in."""
LEAST_KEYS_IN_FILE = 60
"""Keys between two changes of file, at least; the change comes with the next line end."""
SLIP_EVERY = 35
"""Keys between two slips, on average."""
MOST_ERASED = 4
SWITCH_SECONDS = 4.0
_KEY = re.compile(r"\n[ \t]*|.", re.DOTALL)

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Edit:
    """One key: `text` in place of start..end, UTF-16 offsets. `pause_s` lies before it."""

    start: int
    end: int
    text: str
    pause_s: float

    @property
    def caret(self) -> int:
        """Where the caret is then."""
        return self.start + len(Utf16Text(self.text))


def session(old: Sources, new: Sources, keys: int = KEYS, seed: int = 0) -> Json:
    """The recording of `keys` keys. Raises BadScript when the releases differ by less."""
    chance = random.Random(seed)
    paths = _worth_typing(old, new, keys)
    writer = _Writer()
    for path in sorted(old.files):
        writer.on_disk(path, old.files[path].text)
    typing = {path: _edits(differences(old.files[path].text, new.files[path].text), chance) for path in paths}
    left, turn = keys, list(paths)
    while left and turn:
        path = turn.pop(0)
        writer.go_to(path, old.files[path].text)
        here = 0
        for edit in typing[path]:
            writer.edit(edit)
            left, here = left - 1, here + 1
            if not left or (here >= LEAST_KEYS_IN_FILE and edit.text.startswith("\n")):
                turn.append(path)
                break
    if left:
        raise BadScript(f"the sources differ by {keys - left} keys in {MOST_FILES} files, wanted {keys}")
    return {"log": writer.log}


def _worth_typing(old: Sources, new: Sources, keys: int) -> list[str]:
    """The files of both releases in which most is added, but none so much that one turn of it would be all."""
    found = []
    for path, source in new.files.items():
        if path in old.files and old.files[path].text != source.text:
            added = sum(len(stretch.new) for stretch in differences(old.files[path].text, source.text))
            found.append((-min(added, keys), path))
    return [path for _, path in sorted(found)[:MOST_FILES]]


def _edits(stretches: Sequence[Stretch], chance: random.Random) -> Iterator[Edit]:
    """The keys that make the changes, from top to bottom."""
    for stretch in stretches:
        start, pause = stretch.start, THINKING_SECONDS
        if stretch.old:
            yield Edit(start, start + len(Utf16Text(stretch.old)), "", pause)
            pause = KEY_SECONDS
        line: list[str] = []
        for key in _KEY.findall(stretch.new):
            if key[0] == "\n":
                line = []
            yield Edit(start, start, key, pause)
            start, pause = start + len(Utf16Text(key)), KEY_SECONDS
            line.append(key)
            if len(line) > MOST_ERASED and chance.random() < 1 / SLIP_EVERY:
                again = line[-chance.randint(1, MOST_ERASED) :]
                for erased in reversed(again):
                    yield Edit(start - len(Utf16Text(erased)), start, "", KEY_SECONDS)
                    start -= len(Utf16Text(erased))
                for typed in again:
                    yield Edit(start, start, typed, KEY_SECONDS)
                    start += len(Utf16Text(typed))


class _Writer:
    """Writes the log's entries in VS Code's format. Times are whole milliseconds."""

    def __init__(self) -> None:
        self.log: list[Json] = [{"kind": "header", "documentType": VERSION}]
        self._ids: dict[str, int] = {}
        self._now = 0.0
        self._here = ""
        self._caret: dict[str, int] = {}

    def on_disk(self, path: str, text: str) -> None:
        """A file of the workspace that is not open."""
        self._add("workspaceFile", relativePath=path, content=text)

    def go_to(self, path: str, text: str) -> None:
        """Look at a file, which is opened with `text` the first time."""
        if path not in self._ids:
            self._ids[path] = len(self._ids)
            self._add("documentEncountered", id=self._ids[path], relativePath=path)
            self._add("setContent", id=self._ids[path], content=text, v=1)
        if self._here:
            self._now += SWITCH_SECONDS
        self._here = path
        self._add("focused", id=self._ids[path])

    def edit(self, edit: Edit) -> None:
        """A key in the file that is looked at, the caret put where it is typed."""
        number = self._ids[self._here]
        self._now += edit.pause_s
        if (edit.start, edit.end) != (self._caret.get(self._here), self._caret.get(self._here)):
            # Backspace takes what is before the caret; only text that was selected is told as a selection.
            selected = edit.pause_s >= THINKING_SECONDS
            start = edit.start if selected else edit.end
            self._add("selectionChanged", id=number, selection=[[start, edit.end]])
        self._add("changed", id=number, edit=[[edit.start, edit.end, edit.text]])
        self._add("selectionChanged", id=number, selection=[[edit.caret, edit.caret]])
        self._caret[self._here] = edit.caret

    def _add(self, kind: str, **fields: object) -> None:
        self.log.append({"kind": kind, "time": round(self._now * 1000), **fields})


def main(argv: Sequence[str] | None = None) -> int:
    """Write a session to a file; the exit code: 0 written, 2 nothing to type or a wrong option."""
    parser = argparse.ArgumentParser(prog="generated_session", description=__doc__, allow_abbrev=False)
    parser.add_argument("--before", metavar="DIR", type=Path, required=True)
    parser.add_argument("--after", metavar="DIR", type=Path, required=True)
    parser.add_argument("--out", metavar="FILE", type=Path, required=True)
    parser.add_argument("--keys", metavar="N", type=int, default=KEYS)
    parser.add_argument("--seed", metavar="N", type=int, default=0)
    given = parser.parse_args(argv)
    try:
        made = session(Sources.read(given.before), Sources.read(given.after), given.keys, given.seed)
        given.out.write_text(json.dumps(made), encoding="utf-8")
    except (BadScript, OSError) as error:
        print(f"generated_session: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
