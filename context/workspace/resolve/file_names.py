"""The names of a workspace's files, as a set that can be asked for folders, stems and ends of paths.

Knows no language and opens no file: who makes it gives a reader for the configuration files that say where modules are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar, cast

_T = TypeVar("_T")
_FORBIDDEN = ("", ".", "..")
# What people write by hand is smaller; a lock file is none of these.
_MAX_CONFIG_CHARACTERS = 500_000


def no_config(_path: str) -> None:
    """A reader for who has no configuration to show."""


def parent(path: str) -> str:
    """The folder that a file or folder lies in; the root is the empty string."""
    return path.rpartition("/")[0]


def stem(path: str) -> str:
    """A file's name without its last ending: `x.test` for `a/x.test.ts`, `.env` for `.env`."""
    name = path.rpartition("/")[2]
    head, dot, _ = name.rpartition(".")
    return head if dot and head else name


def join(folder: str, relative: str) -> str | None:
    """Where `relative` leads from `folder`, with `.` and `..` resolved; None where that is outside the workspace."""
    parts = folder.split("/") if folder else []
    for part in relative.split("/"):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part not in _FORBIDDEN:
            parts.append(part)
    return "/".join(parts)


def ancestors(path: str) -> Iterator[str]:
    """The folders that a file or folder lies in, innermost first; the root, an empty string, is the last."""
    while path:
        path = parent(path)
        yield path


class _Folder:
    __slots__ = ("files", "folders")

    def __init__(self) -> None:
        self.files: list[str] = []
        self.folders: list[str] = []


class FileNames:
    """The paths of files, relative to the workspace folder, with slashes. Not for several threads at once."""

    def __init__(
        self,
        paths: Iterable[str] = (),
        read_config: Callable[[str], str | None] = no_config,
        root_name: str = "",
    ) -> None:
        """`read_config` gives the text of a file, or None for what cannot or must not be read; it must not raise.

        `root_name` is what the workspace folder itself is called, which matters where it is a package.
        """
        self._read_config = read_config
        self.root_name = root_name
        self._paths: set[str] = set()
        # Lists, since most have one member: sets would take half of the memory.
        self._folders: dict[str, _Folder] = {"": _Folder()}
        self._by_stem: dict[str, list[str]] = {}
        self._folders_by_name: dict[str, list[str]] = {}
        self._configs: dict[tuple[str, object], object] = {}
        self._derived: dict[object, object] = {}
        for path in paths:
            self.add(path)

    def add(self, path: str) -> bool:
        """Put in a file, or say that one has changed. False, and nothing happens, where `path` can be no file's."""
        if any(part in _FORBIDDEN for part in path.split("/")):
            return False
        if not self.has(path):
            self._paths.add(path)
            self._folder(parent(path)).files.append(path)
            self._by_stem.setdefault(stem(path), []).append(path)
        self._forget(path)
        return True

    def remove(self, path: str) -> None:
        """Take out a file; nothing happens when it is not there."""
        if not self.has(path):
            return
        folder = parent(path)
        self._paths.discard(path)
        self._folders[folder].files.remove(path)
        _discard(self._by_stem, stem(path), path)
        while folder and not (self._folders[folder].files or self._folders[folder].folders):
            del self._folders[folder]
            _discard(self._folders_by_name, folder.rpartition("/")[2], folder)
            self._folders[parent(folder)].folders.remove(folder)
            folder = parent(folder)
        self._forget(path)

    def _folder(self, path: str) -> _Folder:
        made = self._folders.get(path)
        if made is None:
            made = self._folders[path] = _Folder()
            self._folders_by_name.setdefault(path.rpartition("/")[2], []).append(path)
            self._folder(parent(path)).folders.append(path)
        return made

    def _forget(self, path: str) -> None:
        self._derived.clear()
        for key in [key for key in self._configs if key[0] == path]:
            del self._configs[key]

    def __len__(self) -> int:
        return len(self._paths)

    def has(self, path: str) -> bool:
        """Whether there is such a file."""
        return path in self._paths

    def has_folder(self, path: str) -> bool:
        """Whether a file lies in or below such a folder."""
        return path in self._folders

    def under(self, folder: str) -> list[str]:
        """The files that lie directly in `folder`, ordered."""
        found = self._folders.get(folder)
        return sorted(found.files) if found else []

    def below(self, folder: str, limit: int) -> list[str]:
        """At most `limit` files in `folder` and its folders, those of outer folders first, ordered in each."""
        found: list[str] = []
        level = [folder] if folder in self._folders else []
        while level and len(found) < limit:
            found += (file for each in level for file in self.under(each))
            level = [inner for each in level for inner in sorted(self._folders[each].folders)]
        return found[:limit]

    def with_stem(self, wanted: str) -> list[str]:
        """The files that are called so but for their last ending, ordered."""
        return sorted(self._by_stem.get(wanted, ()))

    def ending(self, tail: str) -> list[str]:
        """The files whose paths are `tail` or end with a slash and `tail`, ordered."""
        return sorted(path for path in self._by_stem.get(stem(tail), ()) if path == tail or path.endswith("/" + tail))

    def folders_ending(self, tail: str) -> list[str]:
        """The folders whose paths are `tail` or end with a slash and `tail`, ordered."""
        named = self._folders_by_name.get(tail.rpartition("/")[2], ())
        return sorted(path for path in named if path == tail or path.endswith("/" + tail))

    def config(self, path: str, parse: Callable[[str], _T]) -> _T | None:
        """What `parse` makes of a file's text, remembered until the file changes; None where there is no sense in it.

        `parse` says by ValueError or RecursionError that it does not understand the text.
        """
        if not self.has(path):
            return None
        key = (path, parse)
        if key not in self._configs:
            text = self._read_config(path)
            try:
                self._configs[key] = None if text is None or len(text) > _MAX_CONFIG_CHARACTERS else parse(text)
            except (ValueError, RecursionError):
                self._configs[key] = None
        return cast("_T | None", self._configs[key])

    def derived(self, compute: Callable[[FileNames], _T]) -> _T:
        """What `compute` makes of these names, remembered until any file comes, goes or changes."""
        if compute not in self._derived:
            self._derived[compute] = compute(self)
        return cast("_T", self._derived[compute])


def nearest(paths: Iterable[str], place: str) -> list[str]:
    """`paths` ordered by how near they are to the file `place`: those that share more outer folders first."""
    here = parent(place).split("/") if "/" in place else []

    def distance(path: str) -> tuple[int, int, str]:
        there = parent(path).split("/") if "/" in path else []
        shared = 0
        while shared < min(len(here), len(there)) and here[shared] == there[shared]:
            shared += 1
        return -shared, len(there), path

    return sorted(paths, key=distance)


def _discard(lists: dict[str, list[str]], key: str, value: str) -> None:
    lists[key].remove(value)
    if not lists[key]:
        del lists[key]
