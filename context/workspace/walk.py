"""The files of a workspace that may be read, in an order that is always the same; and why others are left out.

Looks at names, sizes and times, opens no file and follows no link: what a link leads to inside the workspace is met at
its own place. Whatever vanishes or cannot be opened meanwhile is left out with a reason.
"""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from unicodedata import category

from mellum_ls.context.privacy.gate import Gate

MAX_FILES = 100_000
_MAX_EXAMPLES = 200


@dataclass(frozen=True, slots=True)
class Found:
    """A file. The path is relative to the workspace folder, with slashes."""

    path: str
    size: int
    """In bytes."""
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file or folder that is left out, and why, in words to put behind its name."""

    path: str
    reason: str


@dataclass(slots=True)
class Walk:
    """One way through the files below a gate's root: a folder's files by name, then its folders by name.

    Iterate once; `skipped`, `reasons` and `is_whole` are then what was left out.
    """

    gate: Gate
    max_files: int = MAX_FILES
    skipped: list[Skipped] = field(default_factory=list)
    """The first two hundred; a folder counts as one."""
    reasons: Counter[str] = field(default_factory=Counter)
    """How often each reason was given."""
    is_whole: bool = True
    """False when there were more than `max_files`."""

    def __iter__(self) -> Iterator[Found]:
        found = 0
        seen: set[tuple[int, int]] = set()
        folders = [""]
        while folders:
            folder = folders.pop()
            below: list[str] = []
            for entry in self._entries(folder, seen):
                path = f"{folder}/{entry.name}" if folder else entry.name
                file = self._look(entry, path, below)
                if file is None:
                    continue
                if found == self.max_files:
                    self.is_whole = False
                    return
                found += 1
                yield file
            folders += reversed(below)

    def _entries(self, folder: str, seen: set[tuple[int, int]]) -> list[os.DirEntry[str]]:
        place = self.gate.root / folder
        try:
            # A folder that is mounted into itself has no end.
            status = os.lstat(place)
            identity = (status.st_dev, status.st_ino)
            if identity in seen and status.st_ino:
                self._skip(folder, "is a folder that was met before")
                return []
            seen.add(identity)
            with os.scandir(place) as entries:
                return sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            self._skip(folder, _words_for(error))
            return []

    def _look(self, entry: os.DirEntry[str], path: str, below: list[str]) -> Found | None:
        """The file of an entry, or None when it is a folder or is left out."""
        reason: str | None
        try:
            if not _is_plain(entry.name):
                reason = "has a name that is no plain text"
            elif entry.is_symlink():
                reason = "is a link"
            elif entry.is_dir(follow_symlinks=False):
                reason = self.gate.refuses_folder(path)
                if reason is None:
                    below.append(path)
                    return None
            elif not entry.is_file(follow_symlinks=False):
                reason = "is neither a file nor a folder"
            elif (reason := self.gate.refuses(path)) is None:
                status = entry.stat(follow_symlinks=False)
                if stat.S_ISREG(status.st_mode):
                    return Found(path, status.st_size, status.st_mtime_ns)
                reason = "is neither a file nor a folder"
        except OSError as error:
            reason = _words_for(error)
        self._skip(path, reason)
        return None

    def _skip(self, path: str, reason: str) -> None:
        self.reasons[reason] += 1
        if len(self.skipped) < _MAX_EXAMPLES:
            self.skipped.append(Skipped(path.encode("utf-8", "replace").decode(), reason))


def _is_plain(name: str) -> bool:
    """Whether a name can stand in a line of a prompt and in a database: UTF-8 without control characters."""
    return name.isprintable() or all(sign.isprintable() or category(sign) == "Zs" for sign in name)


def _words_for(error: OSError) -> str:
    if isinstance(error, PermissionError):
        return "may not be opened"
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return "is no longer there"
    return "cannot be opened"
