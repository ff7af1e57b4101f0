"""Runs git to ask a question of a repository: starts nothing that its configuration names, and uses no network.

Knows how git is called, not what it is asked. A repository is foreign text: the programs that its configuration may
name (a monitor of files, a pager, hooks, a checker of signatures, a helper that fetches) are switched off.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

# core.fsmonitor and log.showSignature name programs; a clone without trees or blobs would fetch them.
_QUIET = (
    *("core.fsmonitor=false", "core.hooksPath=/dev/null", "log.showSignature=false", "gc.auto=0"),
    *(f"protocol.{name}.allow=never" for name in ("http", "https", "ssh", "git", "file", "ext")),
    "protocol.allow=never",
)
_BEFORE = ("--no-pager", "--no-optional-locks", *(part for setting in _QUIET for part in ("-c", setting)))


class GitFailedError(Exception):
    """Git is not there, refused, or took too long; says which, without git's own words, which may quote a path."""


def ask(folder: Path, arguments: Sequence[str], *, timeout_s: float = 10.0, program: str = "git") -> bytes:
    """What git prints for `arguments` in `folder`. Raises GitFailedError."""
    command = [program, "-C", str(folder), *_BEFORE, *arguments]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=timeout_s
        )
    except subprocess.TimeoutExpired:
        raise GitFailedError(f"git took longer than {timeout_s:g} s") from None
    except (OSError, ValueError):
        raise GitFailedError("git cannot be started") from None
    if done.returncode:
        raise GitFailedError(f"git ended with {done.returncode}")
    return done.stdout


def top_of(folder: Path) -> Path | None:
    """The nearest folder from `folder` upwards that is a repository or a working tree of one; asks no git."""
    for candidate in (folder, *folder.parents):
        if git_folder(candidate) is not None:
            return candidate
    return None


def git_folder(top: Path) -> Path | None:
    """Where the repository of the working tree `top` keeps what all its working trees share; None without one."""
    try:
        place = top / ".git"
        if place.is_file():
            said = place.read_bytes()[:4096]
            if not said.startswith(b"gitdir:"):
                return None
            place = top / said.removeprefix(b"gitdir:").strip().decode("utf-8", "surrogateescape")
        if not (place / "HEAD").is_file():
            return None
        shared = place / "commondir"
        if shared.is_file():
            return place / shared.read_bytes()[:4096].strip().decode("utf-8", "surrogateescape")
    except (OSError, ValueError):
        return None
    return place
