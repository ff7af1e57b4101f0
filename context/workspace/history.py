"""Which files of a workspace change together, from the commits of its repository. Asks git, and keeps names only."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mellum_ls.context.git import GitFailedError, ask

MAX_COMMITS = 2_000
MAX_FILES_PER_COMMIT = 50
"""A commit of more files is a reformatting, a renaming or an import, and says nothing."""
HALF_LIFE = 500
"""A change counts half as much so many commits later."""
_TIMEOUT_S = 15.0
# What stands for a commit among the names of its files.
_COMMIT = b"\x01"
_ARGUMENTS = (
    *("log", f"--max-count={MAX_COMMITS}", "--no-merges", "--name-only", "--relative", "-z", "--format=%x01"),
    *("--no-renames", "--no-ext-diff", "--no-textconv", "--no-show-signature", "--ignore-submodules=all", "--no-color"),
)


@dataclass(frozen=True, slots=True)
class Partner:
    """A file that changed along with another."""

    path: str
    weight: float
    """The common commits, each counted less the older it is."""
    count: int
    """How many commits they share."""


@dataclass(frozen=True, slots=True)
class CoChange:
    """What changed together. Empty, with a reason, where there is no history to ask."""

    reason: str = ""
    commits: int = 0
    """How many commits were counted."""
    _pairs: dict[str, dict[str, tuple[float, int]]] = field(default_factory=dict)

    def of(self, path: str, limit: int = 10) -> list[Partner]:
        """The files that changed along with `path`, the heaviest first, equals by path."""
        partners = [Partner(other, weight, count) for other, (weight, count) in self._pairs.get(path, {}).items()]
        return sorted(partners, key=lambda partner: (-partner.weight, partner.path))[:limit]


def cochange(root: Path, files: Collection[str], *, git: str = "git", timeout_s: float = _TIMEOUT_S) -> CoChange:
    """What changed together of `files` (paths relative to `root`), by the newest commits that touched `root`.

    `git` is the program. Blocks for up to `timeout_s` seconds; a second for thousands of commits is usual.
    """
    try:
        said = ask(root, [*_ARGUMENTS, "--", "."], timeout_s=timeout_s, program=git)
    except GitFailedError as failure:
        return CoChange(str(failure))
    wanted = files if isinstance(files, set | frozenset | dict) else frozenset(files)
    pairs: defaultdict[str, dict[str, tuple[float, int]]] = defaultdict(dict)
    commits = 0
    for age, changed in enumerate(_commits(said)):
        if len(changed) > MAX_FILES_PER_COMMIT:
            continue
        commits += 1
        here = [path for path in changed if path in wanted]
        weight = 0.5 ** (age / HALF_LIFE)
        for path in here:
            partners = pairs[path]
            for other in here:
                if other != path:
                    so_far, count = partners.get(other, (0.0, 0))
                    partners[other] = (so_far + weight, count + 1)
    return CoChange("" if commits else "no commit touches the folder", commits, dict(pairs))


def _commits(said: bytes) -> Iterator[list[str]]:
    """The paths of each commit, newest first, out of git's answer."""
    changed: list[str] | None = None
    for name in said.split(b"\0"):
        if name == _COMMIT:
            if changed is not None:
                yield changed
            changed = []
        elif changed is not None and name:
            changed.append(os.fsdecode(name.removeprefix(b"\n")))
    if changed is not None:
        yield changed
