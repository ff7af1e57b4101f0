"""Recordings of typing, as VS Code's workspace recorder writes them, to a Script.

The format is that of microsoft/vscode-copilot-chat's `workspaceRecording@1.0`: `{"log": [...]}` with entries in the
order in which they happened, `time` in milliseconds, offsets in UTF-16 units. Kinds of entries that move no text and no
caret are passed over. One kind is our own: `workspaceFile {relativePath, content}`, a file on disk that is not open.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from mellum_ls.lsp_server.keystrokes.script import Action, BadScript, Change, Move, Open, Script, Step, inside
from mellum_ls.lsp_server.keystrokes.utf16_text import OutsideText, Replacement, Utf16Text

VERSION = "workspaceRecording@1.0"
Entry = Mapping[str, object]
T = TypeVar("T")


def read_recording(path: Path) -> Script:
    """The typing in a file. Raises BadScript that names the file, the entry and what is wrong with it."""
    try:
        raw = json.loads(path.read_bytes())
    except OSError as error:
        raise BadScript(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise BadScript(f"{path} is no recording: not JSON ({error})") from error
    log = raw.get("log") if isinstance(raw, dict) else None
    if not isinstance(log, list) or not log:
        raise BadScript(f'{path} is no recording: wanted {{"log": [...]}} with entries')
    reader = _Reader()
    for number, entry in enumerate(log):
        following = log[number + 1] if number + 1 < len(log) else None
        try:
            reader.take(entry, following)
        except BadScript as error:
            raise BadScript(f"{path}, entry {number}: {error}") from None
    return reader.script(path.stem)


class _Reader:
    """Follows the recording, since what an entry means hangs on the texts and carets before it."""

    def __init__(self) -> None:
        self._paths: dict[int, str] = {}
        self._texts: dict[int, Utf16Text] = {}
        self._stored: dict[str, str] = {}
        self._recorded: dict[int, tuple[int, int]] = {}
        """The last selection that the recording tells, of each document."""
        self._current: dict[int, tuple[int, int]] = {}
        """The same, or where the last edit has put the caret since."""
        self._files: dict[str, str] = {}
        self._timed: list[tuple[float, Action]] = []

    def take(self, raw: object, following: object) -> None:
        """One entry; `following` is the one behind it. Raises BadScript."""
        if not isinstance(raw, dict):
            raise BadScript("not an object")
        kind = _field(raw, "kind", str)
        if kind == "header":
            version = _field(raw, "documentType", str)
            if version != VERSION:
                raise BadScript(f"the recording is of version {version!r}; {VERSION} can be read")
        elif kind in ("documentEncountered", "workspaceFile"):
            self._encounter(raw, is_open=kind == "documentEncountered")
        elif kind == "setContent":
            self._open(raw, _field(raw, "content", str))
        elif kind == "storeContent":
            self._stored[_field(raw, "contentId", str)] = self._text(raw).text
        elif kind == "restoreContent":
            content = _field(raw, "contentId", str)
            if content not in self._stored:
                raise BadScript(f"restoreContent of {content!r}, which was not stored before")
            self._open(raw, self._stored[content])
        elif kind == "changed":
            self._change(raw, following)
        elif kind == "selectionChanged":
            self._select(raw)
        elif kind == "focused" and (number := _field(raw, "id", int)) in self._current:
            self._add(raw, Move(self._paths[number], *self._current[number]))

    def script(self, name: str) -> Script:
        """All that was taken. A clock that goes back, as recorders' clocks do, makes no pause."""
        times = [time for time, _ in self._timed]
        ends = [*times[1:], *times[-1:]]
        steps = [
            Step(action, max(0.0, end - time) / 1000) for (time, action), end in zip(self._timed, ends, strict=True)
        ]
        return Script(name, self._files, steps)

    def _encounter(self, raw: Entry, *, is_open: bool) -> None:
        path = inside(_field(raw, "relativePath", str))
        if not is_open:
            self._files.setdefault(path, _field(raw, "content", str))
            return
        if path in self._paths.values():
            raise BadScript(f"a second document has the path {path!r}")
        self._paths[_field(raw, "id", int)] = path

    def _open(self, raw: Entry, content: str) -> None:
        number = _field(raw, "id", int)
        if number not in self._paths:
            raise BadScript(f"document {number} was not encountered before")
        self._texts[number] = Utf16Text(content)
        self._recorded.pop(number, None)
        self._current.pop(number, None)
        self._files.setdefault(self._paths[number], content)
        self._add(raw, Open(self._paths[number], content))

    def _change(self, raw: Entry, following: object) -> None:
        text, number = self._text(raw), _field(raw, "id", int)
        replacements = tuple(map(_replacement, _field(raw, "edit", list)))
        typed = len(replacements) == 1 and self._touches_caret(number, replacements[0])
        try:
            text.edit(replacements)
        except OutsideText as error:
            raise BadScript(f"an edit that does not fit its document: {error}") from None
        caret = None
        if typed:
            start, end = replacements[0].start, replacements[0].start + len(Utf16Text(replacements[0].text))
            caret = _landing(following, number, start, end)
            self._current[number] = (caret, caret)
        if replacements:
            self._add(raw, Change(self._paths[number], replacements, caret))

    def _touches_caret(self, number: int, one: Replacement) -> bool:
        """Whether whoever has the caret made the edit: what was selected before, or the caret, lies in it."""
        selection = self._recorded.get(number)
        return selection is not None and one.start <= min(selection) and max(selection) <= one.end

    def _select(self, raw: Entry) -> None:
        number, size = _field(raw, "id", int), len(self._text(raw))
        ranges = _field(raw, "selection", list)
        if not ranges:
            return
        start, end = _offsets(ranges[0])
        if not 0 <= min(start, end) <= max(start, end) <= size:
            raise BadScript(f"a selection from {start} to {end} in a document of {size} UTF-16 units")
        self._recorded[number] = (start, end)
        if self._current.get(number) != (start, end):
            self._current[number] = (start, end)
            self._add(raw, Move(self._paths[number], start, end))

    def _text(self, raw: Entry) -> Utf16Text:
        number = _field(raw, "id", int)
        if number not in self._texts:
            raise BadScript(f"document {number} has no content yet")
        return self._texts[number]

    def _add(self, raw: Entry, action: Action) -> None:
        time = raw.get("time")
        if not isinstance(time, int | float) or isinstance(time, bool):
            raise BadScript("field 'time' should be a number of milliseconds")
        self._timed.append((float(time), action))


def _landing(following: object, number: int, start: int, end: int) -> int:
    """Where the caret is behind an edit that put text to `start`..`end`: at the end, unless the editor says otherwise.

    An editor that closes a bracket puts the caret before it, and records that as the next entry.
    """
    if isinstance(following, dict) and following.get("kind") == "selectionChanged" and following.get("id") == number:
        ranges = following.get("selection")
        if isinstance(ranges, list) and ranges:
            first, last = _offsets(ranges[0])
            if start <= first == last <= end:
                return last
    return end


def _replacement(raw: object) -> Replacement:
    if isinstance(raw, list) and len(raw) == 3 and isinstance(raw[2], str):
        return Replacement(*_offsets(raw[:2]), raw[2])
    raise BadScript("field 'edit' should hold [start, end, text]")


def _offsets(raw: object) -> tuple[int, int]:
    if isinstance(raw, list) and len(raw) == 2 and all(type(offset) is int for offset in raw):
        return raw[0], raw[1]
    raise BadScript("a range should be [start, end] in whole numbers")


def _field(raw: Entry, name: str, kind: type[T]) -> T:
    value = raw.get(name)
    # type(), not isinstance(): True is an int to isinstance.
    if type(value) is not kind:
        found = type(value).__name__ if name in raw else "nothing"
        raise BadScript(f"field {name!r} should be of type {kind.__name__}, found {found}")
    return value
