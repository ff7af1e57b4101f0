"""Where files of packed weights are kept, which of them is whose, and when one goes.

One file for each model and format, in a folder of the user's cache, named after the place of the model: a new revision
takes the place of the old one. Knows no layer.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mellum_ls.runtime.checkpoint import Checkpoint
from mellum_ls.runtime.errors import StorageError
from mellum_ls.runtime.file_lock import open_lock_file, try_lock

FOLDER = "packed"
MOST_BYTES = 40 * 10**9
"""All files together: the released model as bfloat16 and in eight bits. The one that was used last always stays."""
SPARE_BYTES = 1 << 30
"""What is left of a disk for everybody else."""
SUFFIX, PARTIAL = ".safetensors", ".partial"

logger = logging.getLogger(__name__)


def identity_of(checkpoint: Checkpoint) -> str:
    """What tells these weight files from others: their names, lengths and times of change, as a hash.

    In the cache of the hub a file is a link to one that is named after its contents. Reading 24 GB to hash them would
    take longer than what is kept saves.
    """
    digest = hashlib.sha256()
    for file in sorted({entry.file for entry in checkpoint.tensors.values()}):
        real = file.resolve()
        found = real.stat()
        digest.update(f"{file.name}\0{real.name}\0{found.st_size}\0{found.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:32]


def place_for(cache_dir: Path, model_dir: Path, format: str) -> Path:
    """Where the packed weights of this model belong; makes nothing. All revisions in the hub's cache have one place."""
    model_dir = model_dir.resolve()
    whole = model_dir.parent.parent if model_dir.parent.name == "snapshots" else model_dir
    name = re.sub(r"[^A-Za-z0-9._-]", "_", whole.name)[:80]
    return cache_dir / FOLDER / f"{name}-{hashlib.sha256(str(whole).encode()).hexdigest()[:12]}" / f"{format}{SUFFIX}"


@contextmanager
def room_to_write(path: Path, size: int) -> Iterator[Path]:
    """The unfinished file beside `path` for this process alone, with `size` bytes to grow to.

    Raises StorageError where another process writes it, the disk has no room or the folder cannot be made.
    """
    partial = path.with_suffix(PARTIAL)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = open_lock_file(path.with_suffix(".lock"))
    except OSError as error:
        raise StorageError(f"{path.parent} cannot be written to: {error.strerror}") from error
    with lock:
        if not try_lock(lock):
            raise StorageError(f"another process is writing {path}; wait for it")
        there = partial.stat().st_size if partial.exists() else 0
        free = shutil.disk_usage(path.parent).free
        if free < size - there + SPARE_BYTES:
            raise StorageError(
                f"{path} would take {size / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free there, of which "
                f"{SPARE_BYTES / 1e9:.1f} stay free; make room, or set MELLUM_CACHE_DIR to another disk"
            )
        yield partial


def used(path: Path) -> None:
    """Remember that a file was used now."""
    with contextlib.suppress(OSError):
        os.utime(path)


def tidy(cache_dir: Path, keep: Path, most_bytes: int = MOST_BYTES) -> list[Path]:
    """Delete the files that were not used for longest until the others fit; those that are gone."""
    found: list[tuple[float, int, Path]] = []
    for file in _files(cache_dir / FOLDER):
        with contextlib.suppress(OSError):
            state = file.stat()
            found.append((state.st_mtime, state.st_size, file))
    total, gone = sum(size for _, size, _ in found), []
    for _, size, file in sorted(found):
        if total <= most_bytes:
            break
        if file == keep:
            continue
        try:
            file.unlink()
        except OSError as error:
            logger.info("%s stays: %s", file, error)
            continue
        logger.info("deleted %s: packed weights take more than %.0f GB together", file, most_bytes / 1e9)
        total -= size
        gone.append(file)
    return gone


def _files(folder: Path) -> Iterable[Path]:
    for suffix in (SUFFIX, PARTIAL):
        yield from folder.glob(f"*/*{suffix}")
