"""One model process per user and model: a lock held for life decides which, whatever a crash left behind.

The kernel drops a dead process's lock, so no pid is believed: a stale pid or socket is simply written over.
"""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import socket
import sys
from pathlib import Path
from typing import BinaryIO

from mellum_ls.runtime.client.address import (
    LOOPBACK,
    Address,
    prepare_directory,
    read_token_file,
    write_token_file,
)
from mellum_ls.runtime.errors import RuntimeUnavailable
from mellum_ls.runtime.file_lock import lock_within, open_lock_file, try_lock

LOCK_SECONDS = 20.0
BACKLOG = 64

logger = logging.getLogger(__name__)


class Instance:
    """This process as the one of `address`; made by `claim`.

    `listener` is its bound socket, `token` the secret that clients of a TCP one must know, else empty.
    """

    def __init__(self, address: Address, lock: BinaryIO) -> None:
        self.address = address
        self.token = "" if address.kind == "unix" else secrets.token_hex(32)
        self._lock = lock
        self.listener = _bind(address, self.token)
        self._published = _identity(address.socket_path)

    def withdraw(self) -> None:
        """Stop being found: close the listener and remove its socket or token file."""
        path = self.address.socket_path
        # If someone emptied the folder, the file may be a second process's by now: that one stays.
        with contextlib.suppress(FileNotFoundError):
            if _identity(path) == self._published:
                path.unlink()
        self.listener.close()

    def release(self) -> None:
        """Let another process take the address; `withdraw` first."""
        self._lock.close()


def claim(address: Address, seconds: float = LOCK_SECONDS) -> Instance | None:
    """Become the process of `address`; None when another one is and listens.

    A process on its way out is waited for. Raises SettingError for an unsafe folder, RuntimeUnavailable when another
    process keeps the lock for `seconds` and does not listen.
    """
    prepare_directory(address.directory)
    # Whoever starts holds the start lock until it listens, so a holder of the life lock that does not listen is
    # ending, never starting.
    start_lock = open_lock_file(address.start_lock_path)
    life_lock = open_lock_file(address.lock_path)
    try:
        if not lock_within(start_lock, seconds):
            raise RuntimeUnavailable(f"another model process has been starting for {seconds:g} s")
        if not try_lock(life_lock):
            if _listens(address):
                life_lock.close()
                return None
            logger.info("waiting for process %s to end", _holder(address))
            if not lock_within(life_lock, seconds):
                raise RuntimeUnavailable(
                    f"process {_holder(address)} holds {address.lock_path} and does not listen; end it"
                )
        _write_pid(life_lock)
        return Instance(address, life_lock)
    except BaseException:
        life_lock.close()
        raise
    finally:
        start_lock.close()


def _bind(address: Address, token: str) -> socket.socket:
    path = address.socket_path
    path.unlink(missing_ok=True)
    if sys.platform == "win32" or address.kind == "tcp":
        listener = socket.create_server((LOOPBACK, 0), backlog=BACKLOG)
        write_token_file(path, listener.getsockname()[1], token)
        return listener
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(str(path))
        path.chmod(0o600)  # before listen: nobody has been able to connect
        listener.listen(BACKLOG)
    except BaseException:
        listener.close()
        raise
    return listener


def _listens(address: Address) -> bool:
    try:
        if sys.platform == "win32" or address.kind == "tcp":
            port, _ = read_token_file(address.socket_path)
            socket.create_connection((LOOPBACK, port)).close()
        else:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
                probe.connect(str(address.socket_path))
    except (FileNotFoundError, ConnectionError):
        return False
    return True


def _identity(path: Path) -> tuple[int, int]:
    found = path.lstat()
    return found.st_dev, found.st_ino


def _write_pid(file: BinaryIO) -> None:
    file.seek(0)
    file.truncate()
    file.write(b"%d\n" % os.getpid())


def _holder(address: Address) -> str:
    return address.lock_path.read_text(encoding="ascii", errors="replace").strip() or "of unknown pid"
