"""The index of a workspace folder on the disk: whether it is there, how much it holds and how old it is."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from mellum_ls.context.index.reader import Reader
from mellum_ls.context.index.store import files_of, size_bytes
from mellum_ls.lsp_server.doctor.checks import Check, size


def checks(places: Sequence[Path], *, now: Callable[[], float] = time.time) -> list[Check]:
    """The group for the index in the first of the files `places` that is there. `now`: seconds since 1970."""
    path = next((place for place in places if place.is_file()), None)
    if path is None:
        return [Check("index", "note", "there is none yet: it is built when an editor opens the folder")]
    reader = Reader(path)
    try:
        counts, is_whole = reader.counts(), reader.is_whole()
        trouble = reader.trouble
    finally:
        reader.close()
    if trouble:
        remedy = "it is built anew when an editor opens the folder next"
        return [Check("index", "warning", f"{path} cannot be read: {trouble}", remedy)]
    says = (
        f"{counts['files']:,} files, {counts['chunks']:,} chunks, {counts['symbols']:,} symbols; "
        f"{size(size_bytes(path))} in {path}, written {age(now() - _last_written(path))} ago"
    )
    if not is_whole:
        return [
            Check("index", "note", f"is not whole yet: {says}", "it is completed while an editor has the folder open")
        ]
    return [Check("index", "ok", says)]


def age(seconds: float) -> str:
    """A time span in its largest unit."""
    for name, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length:.0f} {name}"
    return f"{max(0.0, seconds):.0f} s"


def _last_written(path: Path) -> float:
    """Seconds since 1970."""
    times = [0.0]
    # Who reads makes the two files beside it, too, and leaves them empty; the third holds no rows at all.
    for file in files_of(path)[:2]:
        with contextlib.suppress(OSError):
            found = file.stat()
            times += [found.st_mtime] if found.st_size else []
    return max(times)
