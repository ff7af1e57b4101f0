"""The texts of the files that are chosen from: what the editor has open, or else what is on disk, gated and redacted.

Knows nothing of what is chosen. Texts are kept until told that a file changed, so that one pass sees one state.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Protocol

from mellum_ls.context.selection.place import OpenFile

_MOST_FILES = 256
_MOST_CHARS = 300_000
"""Beyond this an open document counts as it is on disk: its secrets would take too long to look for."""


class Source(Protocol):
    """Where texts come from."""

    def refuses(self, path: str) -> str | None:
        """Why nothing of that file may reach a prompt, in words; None where it may."""

    def private(self, path: str) -> str | None:
        """`refuses` without what is only not worth reading: why not even the open document may be used."""

    def read(self, path: str) -> str | None:
        """The file's text on disk without its secrets; None where there is none to be had."""

    def redacted(self, text: str) -> str:
        """A text without its secrets."""


class Texts:
    """Lines of files by path, remembered."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._read: OrderedDict[str, tuple[str, ...] | None] = OrderedDict()
        self._open: dict[str, str] = {}
        self._open_lines: dict[str, tuple[str, ...]] = {}

    def refuses(self, path: str) -> str | None:
        """Why nothing of that file may reach a prompt; None where it may."""
        return self._source.private(path) if path in self._open else self._source.refuses(path)

    def private(self, path: str) -> str | None:
        """Why nothing may be looked up for that document; None where it may, however little it is worth to others."""
        return self._source.private(path)

    def show(self, files: Iterable[OpenFile]) -> None:
        """These documents are open now and count as they are in the editor, if they may be seen."""
        shown = {
            file.path: file.text
            for file in files
            if len(file.text) <= _MOST_CHARS and self._source.private(file.path) is None
        }
        self._open_lines = {
            path: lines for path, lines in self._open_lines.items() if shown.get(path) == self._open.get(path)
        }
        self._open = shown

    @property
    def open_paths(self) -> tuple[str, ...]:
        """The open documents that may be seen, in the order in which they were given."""
        return tuple(self._open)

    def forget(self, paths: Iterable[str] | None = None) -> None:
        """These files, or all, may be others than they were."""
        if paths is None:
            self._read.clear()
        else:
            for path in paths:
                self._read.pop(path, None)

    def lines(self, path: str) -> Sequence[str] | None:
        """The lines of a file without their ends and without secrets; None where it is refused or unreadable."""
        if path in self._open:
            if path not in self._open_lines:
                self._open_lines[path] = tuple(self._source.redacted(self._open[path]).split("\n"))
            return self._open_lines[path]
        if path in self._read:
            self._read.move_to_end(path)
            return self._read[path]
        text = self._source.read(path) if self._source.refuses(path) is None else None
        lines = None if text is None else tuple(text.split("\n"))
        self._read[path] = lines
        if len(self._read) > _MOST_FILES:
            self._read.popitem(last=False)
        return lines
