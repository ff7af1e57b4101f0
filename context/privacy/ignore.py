"""Which files their owner has taken out: by git's rules, or by any of the files that assistants' users write for that.

Reads ignore files and nothing else. The rules of a folder are read when something in it is first asked about, kept, and
looked at again now and then. An ignore file that is there and cannot be read excludes all that it could speak of.
"""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from platformdirs.unix import Unix

from mellum_ls.context.git import GitFailedError, ask, git_folder, top_of
from mellum_ls.context.privacy.wildmatch import Patterns

GIT = ".gitignore"
EVERYTHING_WHEN_EMPTY = ".aiexclude"
OTHERS = (
    *(EVERYTHING_WHEN_EMPTY, ".aiignore", ".cursorignore", ".cursorindexingignore", ".continueignore"),
    *(".codeiumignore", ".copilotignore", ".mellumignore"),
)
IGNORE_FILES = (GIT, *OTHERS)
_LOOKED_FOR = tuple((name, b"/" + os.fsencode(name)) for name in (".git", *IGNORE_FILES))
MAX_BYTES = 1_000_000
"""A larger ignore file counts as one that cannot be read."""
_RECHECK_S = 2.0
_SETTLED_NS = 3_000_000_000
"""A folder that was written to so lately may be written to again without its time showing it."""
_IGNORE_CASE = sys.platform in ("win32", "darwin")


@dataclass(frozen=True, slots=True)
class _Rules:
    """One ignore file."""

    base: int
    """How many bytes of a path lie before the part that the patterns see."""
    patterns: Patterns
    said_by: str

    def judge(self, path: bytes, is_folder: bool) -> bool | None:
        return self.patterns.excludes(path[self.base :], is_folder)


@dataclass(slots=True)
class _Folder:
    reason: str | None
    """Why nothing in it may be read."""
    families: dict[str, tuple[_Rules, ...]] = field(default_factory=dict)
    """By the name of ignore file, the deepest first: the first that speaks of a path decides."""
    seen: dict[str, tuple[int, ...]] = field(default_factory=dict)
    """The ignore files in it, as `_look` found them."""
    looked_at: float = 0.0
    written: int = 0
    """When entries were last made or removed in it, if that was long before it was looked at; otherwise 0."""

    def judge(self, path: bytes, is_folder: bool) -> str | None:
        for rules in self.families.values():
            for file in rules:
                if (excluded := file.judge(path, is_folder)) is not None:
                    if excluded:
                        return file.said_by
                    break
        return None


def global_excludes(folder: Path) -> Path | None:
    """The file of git's `core.excludesFile`, as `folder` sees it, or where git looks when nothing is said."""
    try:
        said = ask(folder, ["config", "--type=path", "--get", "core.excludesFile"], timeout_s=3.0)
    except GitFailedError:
        return Path(Unix("git", appauthor=False).user_config_dir) / "ignore"
    return Path(os.fsdecode(said.rstrip(b"\n"))) if said.strip() else None


class Ignore:
    """The ignore files that speak of what lies in `root`, the ones above it up to the repository's top included.

    A folder that the user opened although its repository ignores it is judged by what lies in it alone. Without
    `with_git` only the files that are written for assistants count.
    """

    def __init__(
        self,
        root: Path,
        *,
        find_global: Callable[[Path], Path | None] = global_excludes,
        clock: Callable[[], float] = time.monotonic,
        ignore_case: bool = _IGNORE_CASE,
        with_git: bool = True,
    ) -> None:
        self._top = top_of(root) or root
        self._above = b"" if root == self._top else os.fsencode(root.relative_to(self._top))
        self._top_bytes = os.fsencode(self._top)
        self._find_global, self._clock, self._ignore_case = find_global, clock, ignore_case
        self._with_git = with_git
        self._folders: dict[bytes, _Folder] = {}
        # Folders with all above them looked at, and until when that holds.
        self._sure: dict[bytes, tuple[float, _Folder]] = {}

    def refuses(self, path: str, is_folder: bool = False) -> str | None:
        """Why `path`, relative to the root with slashes, is excluded: `is ignored by web/.gitignore`; None if not."""
        full = b"/".join(part for part in (self._above, os.fsencode(path)) if part)
        folder = self._find(os.path.dirname(full) if path else full)
        return folder.reason or (folder.judge(full, is_folder) if path else None)

    def rules_of(self, folder: str) -> object:
        """What stands for the rules about the files in a folder, relative to the root: another one when they change."""
        return self._find(b"/".join(part for part in (self._above, os.fsencode(folder)) if part))

    def forget(self) -> None:
        """Read all ignore files again: one of them has changed, or a repository was made."""
        self._folders.clear()
        self._sure.clear()

    def _find(self, path: bytes) -> _Folder:
        """The folder `path`, relative to the top, with everything above it looked at again if that is due."""
        now = self._clock()
        sure = self._sure.get(path)
        if sure is not None and now < sure[0]:
            return sure[1]
        folder = self._check(b"", None, now)
        until = folder.looked_at
        at = -1 if path else len(path)
        while at < len(path) and not folder.reason:
            at = path.find(b"/", at + 1)
            at = len(path) if at < 0 else at
            folder = self._check(path[:at], folder, now)
            until = min(until, folder.looked_at)
        self._sure[path] = (until + _RECHECK_S, folder)
        return folder

    def _check(self, path: bytes, parent: _Folder | None, now: float) -> _Folder:
        """The folder as it was read, or read now. `parent` is the one above it, already checked."""
        known = self._folders.get(path)
        if known is not None and now - known.looked_at >= _RECHECK_S:
            if self._is_as_it_was(known, path):
                known.looked_at = now
            else:
                # What lies below has taken its rules over.
                below = path + b"/" if path else b""
                self._folders = {other: kept for other, kept in self._folders.items() if not other.startswith(below)}
                known = None
        if known is None:
            known = self._folders[path] = self._read(path, parent, now)
        return known

    def _is_as_it_was(self, known: _Folder, path: bytes) -> bool:
        # One question instead of one for each name, where there was none of them.
        if known.written and not known.seen and self._written(path) == known.written:
            return True
        written = self._written(path)
        if known.seen != self._look(path):
            return False
        known.written = written
        return True

    def _written(self, path: bytes) -> int:
        """When entries were last made or removed in a folder, in nanoseconds; 0 where that cannot be told from now."""
        try:
            written = os.stat(self._place(path)).st_mtime_ns
        except OSError:
            return 0
        return written if 0 < written < time.time_ns() - _SETTLED_NS else 0

    def _place(self, path: bytes) -> bytes:
        return self._top_bytes + b"/" + path if path else self._top_bytes

    def _look(self, path: bytes) -> dict[str, tuple[int, ...]]:
        """Which ignore files a folder has, and what tells that one was written since."""
        found: dict[str, tuple[int, ...]] = {}
        folder = self._place(path)
        for name, ending in _LOOKED_FOR:
            try:
                seen = os.stat(folder + ending)
            except OSError:
                continue
            # A repository's folder changes all the time.
            found[name] = () if name == ".git" else (seen.st_mtime_ns, seen.st_size, seen.st_ino)
        return found

    def _read(self, path: bytes, parent: _Folder | None, now: float) -> _Folder:
        outside = bool(self._above) and (self._above + b"/").startswith(path + b"/" if path else b"")
        families = dict(parent.families) if parent else {}
        if parent is not None and (reason := parent.judge(path, True)) is not None:
            if not outside or not self._is_by_git(parent, path):
                return _Folder(reason, seen=self._look(path), looked_at=now)
            families[GIT] = tuple(rules for rules in families[GIT] if rules.said_by == _GLOBAL)
        if parent is None:
            families[GIT] = self._read_global()
        written = self._written(path)
        folder = _Folder(None, families, self._look(path), now, written)
        base = len(path) + 1 if path else 0
        for name in folder.seen:
            if name == ".git":
                self._add_repository(folder, path, base)
            elif (reason := self._add(folder, path, base, name)) is not None:
                folder.reason = reason
                break
        return folder

    def _is_by_git(self, parent: _Folder, path: bytes) -> bool:
        others = {name: rules for name, rules in parent.families.items() if name != GIT}
        return _Folder(None, others).judge(path, True) is None

    def _add(self, folder: _Folder, path: bytes, base: int, name: str) -> str | None:
        """Put the ignore file `name` before those above it; or say why nothing in the folder may be read."""
        if name == GIT and not self._with_git:
            return None
        place = os.path.join(self._top_bytes, path, os.fsencode(name))
        said_by = f"is ignored by {self._named(path, name)}"
        try:
            # Git follows no link that is called .gitignore, and a folder of such a name is none of these files.
            if os.path.isdir(place) or (name == GIT and os.path.islink(place)):
                return None
            text = _read_file(place)
        except FileNotFoundError:
            return None
        except OSError:
            return f"lies below {self._named(path, name)}, which cannot be read"
        patterns = Patterns(text, negation=name != EVERYTHING_WHEN_EMPTY, ignore_case=self._ignore_case)
        if name == EVERYTHING_WHEN_EMPTY and not patterns:
            return f"lies below {self._named(path, name)}, which is empty"
        if patterns:
            folder.families[name] = (_Rules(base, patterns, said_by), *folder.families.get(name, ()))
        return None

    def _add_repository(self, folder: _Folder, path: bytes, base: int) -> None:
        """What a repository's own list says counts less than any .gitignore in it."""
        if not self._with_git:
            return
        repository = git_folder(Path(os.fsdecode(os.path.join(self._top_bytes, path))))
        if repository is not None and (patterns := self._patterns_of(repository / "info" / "exclude")):
            folder.families[GIT] = (
                _Rules(base, patterns, "is ignored by the repository's info/exclude"),
                *folder.families[GIT],
            )

    def _read_global(self) -> tuple[_Rules, ...]:
        file = self._find_global(self._top) if self._with_git else None
        patterns = self._patterns_of(file) if file else None
        return (_Rules(0, patterns, _GLOBAL),) if patterns else ()

    def _patterns_of(self, file: Path) -> Patterns | None:
        try:
            return Patterns(_read_file(os.fsencode(file)), ignore_case=self._ignore_case)
        except (OSError, ValueError):
            return None

    def _named(self, path: bytes, name: str) -> str:
        """The ignore file as the user knows it: from the root where it lies in there."""
        relative = os.path.relpath(os.path.join(b"/", path), os.path.join(b"/", self._above))
        return name if relative == b"." else f"{os.fsdecode(relative).replace(os.sep, '/')}/{name}"


_GLOBAL = "is ignored by git's excludes of this user"


def _read_file(place: bytes) -> bytes:
    """All of an ignore file; never waits at a pipe. Raises OSError, for one that is too large as well."""
    descriptor = os.open(place, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError("no regular file")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            text = file.read(MAX_BYTES + 1)
    finally:
        os.close(descriptor)
    if len(text) > MAX_BYTES:
        raise OSError("too large")
    return text
