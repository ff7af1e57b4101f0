"""Which repository the demo types in, and its scratch copy: the original is only ever read.

Knows packages and files; which places in them are typed again is plan.py's business.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

# Installed with this package's own dependencies, and held out of the embedded model's training data: of those the one
# whose files are the most like everyday code first.
HELD_OUT = ("click", "cattrs", "networkx")
ALWAYS_THERE = ("pygls", "rich")
MAX_FILES = 400
MAX_BYTES = 200_000
SKIPPED = frozenset({"__pycache__", "node_modules", "site-packages", "venv", "build", "dist", "_vendor"})


class NoSources(Exception):
    """There is nothing to type in; the message names the folder and what was looked for."""


@dataclass(frozen=True, slots=True)
class Repository:
    """Sources to type in. `name` is what the output calls them."""

    name: str
    folder: Path
    held_out: bool = False
    """Whether the embedded model has not been trained on them."""


@dataclass(frozen=True, slots=True)
class Source:
    """One file of the scratch copy; `path` is relative to it, with forward slashes."""

    path: str
    text: str


def default_repository(candidates: Sequence[str] = (*HELD_OUT, *ALWAYS_THERE)) -> Repository:
    """The sources of the first package of `candidates` that is installed. Raises NoSources."""
    for name in candidates:
        try:
            found = importlib.util.find_spec(name)
            number = version(name)
        except (ImportError, ValueError, PackageNotFoundError):
            continue
        if found is not None and found.submodule_search_locations:
            folder = Path(next(iter(found.submodule_search_locations)))
            return Repository(f"{name} {number}", folder, held_out=name in HELD_OUT)
    names = ", ".join(candidates)
    raise NoSources(f"none of these packages is installed: {names}; name a folder with --repo")


def given_repository(folder: str) -> Repository:
    """The user's own repository. Raises NoSources when it is no folder."""
    path = Path(folder).expanduser()
    if not path.is_dir():
        raise NoSources(f"{folder} is not a folder")
    return Repository(path.resolve().name, path.resolve())


def copy(repository: Repository, scratch: Path) -> list[Source]:
    """Copy the repository's Python files into `scratch`, under the repository's folder name, in path order.

    Leaves out large, hidden and unreadable files and those with line ends other than \\n. Raises NoSources
    when nothing is left.
    """
    sources: list[Source] = []
    for path in _python_files(repository.folder):
        if len(sources) == MAX_FILES:
            break
        try:
            text = path.read_bytes().decode("utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        if "\r" in text or not text.strip():
            continue
        relative = Path(repository.folder.name) / path.relative_to(repository.folder)
        target = scratch / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="")
        sources.append(Source(relative.as_posix(), text))
    if not sources:
        raise NoSources(f"{repository.folder} has no Python files that the demo can type in")
    return sources


def _python_files(folder: Path) -> Iterator[Path]:
    for parent, names, files in os.walk(folder):
        names[:] = sorted(name for name in names if not name.startswith(".") and name not in SKIPPED)
        for name in sorted(files):
            path = Path(parent, name)
            if path.suffix == ".py" and not path.is_symlink() and path.stat().st_size <= MAX_BYTES:
                yield path
