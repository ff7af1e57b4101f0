"""Which of several processes builds an index: whoever holds the lock on a file. The system drops a dead one's lock."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import BinaryIO


class BuildLock:
    """The right to write one index, held until `release` or the process's end. OSError where no file can be made."""

    def __init__(self, path: Path) -> None:
        self._file: BinaryIO = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b", buffering=0)

    def take_at_once(self) -> bool:
        """Take the lock if it is free; whether it is held now."""
        return _try_lock(self._file)

    def take(self) -> None:
        """Wait in the kernel until the lock is held."""
        _lock(self._file)

    def release(self) -> None:
        """Let another process have it."""
        self._file.close()


if sys.platform == "win32":
    import msvcrt

    def _try_lock(file: BinaryIO) -> bool:
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _lock(file: BinaryIO) -> None:
        while not _try_lock(file):
            with contextlib.suppress(OSError):
                msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)  # waits ten seconds, then gives up
                return
else:
    import fcntl

    def _try_lock(file: BinaryIO) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _lock(file: BinaryIO) -> None:
        fcntl.flock(file, fcntl.LOCK_EX)
