"""May this file of the workspace be read? Everything that speaks against it in one question, by its path alone.

Knows which judge to ask, and where links lead; what is in a file is judged by who reads it. Ten thousand files of a
thousand folders cost one look at each folder and one at each file.
"""

from __future__ import annotations

import os
import re
import stat
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mellum_ls.context.privacy.ignore import IGNORE_FILES, Ignore, global_excludes
from mellum_ls.context.privacy.noise import noise_of_folder, noise_of_name
from mellum_ls.context.privacy.secret_paths import is_secret
from mellum_ls.context.privacy.wildmatch import Patterns

_RECHECK_S = 2.0
_MOST_JUDGED = 20_000
# What tools put into folders that hold nothing of the user's: a virtual environment, a cache (bford.info/cachedir).
_MARKS = {"pyvenv.cfg": "lies in a virtual environment", "CACHEDIR.TAG": "lies in a folder of a cache"}


_ODD_PART = re.compile(r"(?:^|/)\.{0,2}(?:/|\Z)")


@dataclass(frozen=True, slots=True)
class _Folder:
    private: str | None
    noise: str | None
    real: str
    """Where it is when all links are followed, relative to the root: the same path where none leads elsewhere."""
    looked_at: float


class Gate:
    """What may be read below a workspace folder. `exclude` are the user's own lines, in the syntax of .gitignore.

    Paths are relative to the root, with slashes. One thread at a time. Without `with_git` what git ignores may be read.
    """

    def __init__(
        self,
        root: Path,
        exclude: Sequence[str] = (),
        *,
        find_global: Callable[[Path], Path | None] = global_excludes,
        clock: Callable[[], float] = time.monotonic,
        with_git: bool = True,
    ) -> None:
        self.root = Path(os.path.realpath(root))
        self._ignore = Ignore(self.root, find_global=find_global, clock=clock, with_git=with_git)
        self._exclude = Patterns(os.fsencode("\n".join(exclude)))
        self._clock = clock
        self._prefix = os.path.join(self.root, "")
        self._folders: dict[str, _Folder] = {}
        self._judged: dict[str, tuple[object, str | None]] = {}
        """What names say of files, by path, with the rules by which they were judged."""
        # Folders with all above them looked at, and until when that holds.
        self._sure: dict[str, tuple[float, _Folder]] = {}

    def refuses(self, path: str) -> str | None:
        """Why the file at `path` is not read, as words to put behind its name; None for one that may be."""
        return self._judge(path, with_noise=True)

    def private(self, path: str) -> str | None:
        """`refuses` without what is only not worth reading: why its text may not even be used when it is open."""
        return self._judge(path, with_noise=False)

    def refuses_folder(self, path: str) -> str | None:
        """Why nothing below the folder `path` is read; None for one that may be looked into. The root is empty."""
        if not _is_inside(path) and path:
            return "lies outside the workspace"
        folder = self._folder(path)
        return folder.private or folder.noise

    def changed(self, path: str) -> None:
        """Hear that the file at `path` was written, made or removed."""
        if path.rpartition("/")[2] in IGNORE_FILES or path.endswith("/info/exclude"):
            self._ignore.forget()
        elif path not in self._folders and path.rpartition("/")[2] not in _MARKS:
            return
        self._folders.clear()
        self._sure.clear()

    def _judge(self, path: str, *, with_noise: bool, links: bool = True) -> str | None:
        if not _is_inside(path):
            return "lies outside the workspace"
        above, _, name = path.rpartition("/")
        folder = self._folder(above)
        noise = (folder.noise or noise_of_name(name)) if with_noise else None
        if reason := folder.private or noise or self._file_speaks(above, path):
            return reason
        if not links:
            return None
        real = f"{folder.real}/{name}" if folder.real else name
        try:
            if stat.S_ISLNK(os.lstat(self._prefix + real).st_mode):
                real = self._where(real)
        except (OSError, ValueError):
            return None  # nothing there that could be read
        return self._judge_target(real, path, with_noise)

    def _judge_target(self, real: str, path: str, with_noise: bool) -> str | None:
        if real == path:
            return None
        reason = self._judge(real, with_noise=with_noise, links=False)
        return f"is a link to what {reason}" if reason else None

    def _file_speaks(self, above: str, path: str) -> str | None:
        """`_names_speak` of a file, remembered as long as the same rules are in force."""
        rules = self._ignore.rules_of(above)
        known = self._judged.get(path)
        if known is not None and known[0] is rules:
            return known[1]
        reason = self._names_speak(path, is_folder=False)
        if len(self._judged) >= _MOST_JUDGED:
            self._judged.clear()
        self._judged[path] = (rules, reason)
        return reason

    def _names_speak(self, path: str, *, is_folder: bool) -> str | None:
        if not is_folder and (reason := is_secret(self._prefix + path)):
            return reason
        if self._exclude.excludes(os.fsencode(path), is_folder):
            return "is excluded by the settings"
        return self._ignore.refuses(path, is_folder)

    def _folder(self, path: str) -> _Folder:
        """The folder at `path`, with those above it looked at again if that is due."""
        now = self._clock()
        sure = self._sure.get(path)
        if sure is not None and now < sure[0]:
            return sure[1]
        folder = self._known("", None, now)
        until = folder.looked_at
        at = 0
        while path and at >= 0 and not folder.private:
            at = path.find("/", at + 1)
            folder = self._known(path if at < 0 else path[:at], folder, now)
            until = min(until, folder.looked_at)
        self._sure[path] = (until + _RECHECK_S, folder)
        return folder

    def _known(self, path: str, parent: _Folder | None, now: float) -> _Folder:
        folder = self._folders.get(path)
        if folder is None or now - folder.looked_at >= _RECHECK_S:
            folder = self._folders[path] = self._look(path, parent, now)
        return folder

    def _look(self, path: str, parent: _Folder | None, now: float) -> _Folder:
        if parent is None:
            return _Folder(self._ignore.refuses(""), None, "", now)
        name = path.rpartition("/")[2]
        real = f"{parent.real}/{name}" if parent.real else name
        noise = parent.noise or noise_of_folder(name)
        if reason := self._names_speak(path, is_folder=True):
            return _Folder(reason, noise, real, now)
        try:
            if stat.S_ISLNK(os.lstat(self._prefix + real).st_mode):
                real = self._where(real)
                if real == ".." or real.startswith("../"):
                    return _Folder("lies outside the workspace, where a link leads", noise, path, now)
        except (OSError, ValueError):
            return _Folder(None, noise, real, now)
        marks = (reason for mark, reason in _MARKS.items() if os.path.lexists(f"{self._prefix}{real}/{mark}"))
        return _Folder(None, noise or next(marks, None), real, now)

    def _where(self, path: str) -> str:
        """Where a link leads, relative to the root; `..` or `../…` outside it."""
        try:
            found = os.path.relpath(os.path.realpath(self._prefix + path), self.root).replace(os.sep, "/")
        except ValueError:  # another drive
            return "../"
        return "" if found == "." else found


def _is_inside(path: str) -> bool:
    """Whether this is a relative path in its plain form, which leads nowhere else by itself."""
    if not path or "\0" in path or ("\\" in path and os.sep == "\\") or os.path.isabs(path):
        return False
    return _ODD_PART.search(path) is None
