"""Where the model process of one user and model is met: socket and lock names in a folder closed to others.

A Unix socket on POSIX; elsewhere loopback TCP with port and secret in a token file. Starts nothing.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import stat
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mellum_ls.runtime.errors import SettingError

Kind = Literal["unix", "tcp"]
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]

HASH_DIGITS = 16
MAX_SOCKET_PATH_BYTES = 100
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Address:
    """The files of one model process: `directory`/`name`.{sock,token,lock,start}."""

    directory: Path
    name: str
    kind: Kind

    @property
    def socket_path(self) -> Path:
        """The Unix socket, or for TCP the token file."""
        return self.directory / f"{self.name}.{'sock' if self.kind == 'unix' else 'token'}"

    @property
    def lock_path(self) -> Path:
        """Locked by the model process as long as it lives; holds its pid."""
        return self.directory / f"{self.name}.lock"

    @property
    def start_lock_path(self) -> Path:
        """Locked by a model process while it starts, so that starts happen one after another."""
        return self.directory / f"{self.name}.start"


def native_kind() -> Kind:
    """How processes of one machine talk here."""
    return "tcp" if sys.platform == "win32" else "unix"


def address_of(model_dir: Path, runtime_dir: Path, kind: Kind | None = None) -> Address:
    """The address of `model_dir`'s process in `runtime_dir`; equal for equal users and folders.

    Raises SettingError when a Unix socket's path would be too long for the system.
    """
    identity = f"{_user()}\0{model_dir.resolve()}"
    name = hashlib.sha256(identity.encode("utf-8", "surrogateescape")).hexdigest()[:HASH_DIGITS]
    address = Address(runtime_dir, name, kind or native_kind())
    _check_length(address)
    return address


def address_at(socket_path: Path) -> Address:
    """The address whose `socket_path` is this one, as the model process is told it. Raises SettingError."""
    kinds: dict[str, Kind] = {".sock": "unix", ".token": "tcp"}
    if socket_path.suffix not in kinds or not socket_path.is_absolute():
        raise SettingError(f"socket {str(socket_path)!r} should be an absolute path that ends in .sock or .token")
    address = Address(socket_path.parent, socket_path.stem, kinds[socket_path.suffix])
    _check_length(address)
    return address


def prepare_directory(directory: Path) -> None:
    """Make `directory` (0700) or check that nobody but this user can reach into it.

    Raises SettingError for a link, another owner, any permission for others, or when it cannot be made.
    """
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = directory.lstat()
    except OSError as error:
        raise SettingError(f"runtime folder {directory} cannot be made: {error.strerror}; {_REMEDY}") from error
    if not stat.S_ISDIR(found.st_mode):
        raise SettingError(f"runtime folder {directory} is a link or a file; {_REMEDY}")
    if sys.platform == "win32":
        return
    if found.st_uid != os.geteuid():
        raise SettingError(f"runtime folder {directory} belongs to user {found.st_uid}; {_REMEDY}")
    mode = stat.S_IMODE(found.st_mode)
    if mode & 0o077:
        raise SettingError(
            f"runtime folder {directory} has mode {mode:04o}: other users could reach the model process; "
            f"run chmod 700 on it, or {_REMEDY}"
        )


async def dial(address: Address) -> tuple[Streams, str] | None:
    """A connection to the process at `address` and the secret to greet it with; None when nothing listens."""
    try:
        if sys.platform != "win32" and address.kind == "unix":
            return await asyncio.open_unix_connection(str(address.socket_path)), ""
        port, token = read_token_file(address.socket_path)
        return await asyncio.open_connection(LOOPBACK, port), token
    except (FileNotFoundError, ConnectionError):
        return None


def write_token_file(path: Path, port: int, token: str) -> None:
    """Publish a TCP port and its secret, readable by this user only, all at once."""
    fresh = path.with_suffix(".fresh")
    fresh.unlink(missing_ok=True)
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        json.dump({"port": port, "token": token}, file)
    fresh.replace(path)


def read_token_file(path: Path) -> tuple[int, str]:
    """Port and secret. Raises FileNotFoundError, also for a file that holds something else."""
    try:
        entry = json.loads(path.read_text(encoding="ascii"))
        return int(entry["port"]), str(entry["token"])
    except (ValueError, KeyError, TypeError) as error:
        raise FileNotFoundError(f"{path} is not a token file") from error


def _user() -> str:
    if sys.platform == "win32":
        return str(Path.home())
    return str(os.geteuid())


def _check_length(address: Address) -> None:
    path = os.fsencode(address.socket_path)
    if address.kind == "unix" and len(path) > MAX_SOCKET_PATH_BYTES:
        raise SettingError(f"socket path {address.socket_path} is over {MAX_SOCKET_PATH_BYTES} bytes long; {_REMEDY}")


_REMEDY = "set MELLUM_RUNTIME_DIR to a short path of a folder of your own with mode 0700"
