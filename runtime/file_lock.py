"""Locks on files that the kernel drops with the process that holds them, on Unix and Windows.

Knows nothing of what is locked.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from pathlib import Path
from typing import BinaryIO


def open_lock_file(path: Path) -> BinaryIO:
    """A file to lock, made (0600) if it is not there; closing it gives the lock back."""
    return open(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b", buffering=0)


if sys.platform == "win32":
    import msvcrt

    def try_lock(file: BinaryIO) -> bool:
        """Lock the file now, or say False."""
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _lock(file: BinaryIO) -> None:
        while not try_lock(file):
            with contextlib.suppress(OSError):
                msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)  # waits ten seconds, then gives up
                return
else:
    import fcntl

    def try_lock(file: BinaryIO) -> bool:
        """Lock the file now, or say False."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _lock(file: BinaryIO) -> None:
        fcntl.flock(file, fcntl.LOCK_EX)


def lock_within(file: BinaryIO, seconds: float) -> bool:
    """Lock `file`, waiting in the kernel; False after `seconds`, when the file must not be used again."""
    if try_lock(file):
        return True
    # A second handle on the same open file: should the lock come too late, closing it gives the lock back.
    waiting = os.fdopen(os.dup(file.fileno()), "r+b", buffering=0)

    def wait() -> None:
        with waiting:
            _lock(waiting)

    thread = threading.Thread(target=wait, name="lock", daemon=True)
    thread.start()
    thread.join(seconds)
    return not thread.is_alive()
