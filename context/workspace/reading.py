"""Opens one file of the workspace and gives its text without secrets, or the reason why not.

Every file that reaches a prompt or the index comes through here. A link is followed only to where the gate allows; the
file is opened step by step from the root, so that a folder which is exchanged for a link meanwhile leads nowhere.
"""

from __future__ import annotations

import codecs
import errno
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from mellum_ls.context.privacy.gate import Gate
from mellum_ls.context.privacy.noise import noise_in
from mellum_ls.context.privacy.secret_text import redact

MAX_BYTES = 1_500_000


@dataclass(frozen=True, slots=True)
class Text:
    """What a file says, with \\n line ends and placeholders for its secrets."""

    path: str
    text: str
    size: int
    """In bytes, on the disk."""
    mtime_ns: int
    redactions: int


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that is not read, and why, in words to put behind its name."""

    path: str
    reason: str


class _UnreadableError(Exception):
    """Says why in words to put behind the file's name."""


def read(path: str, gate: Gate, max_bytes: int = MAX_BYTES) -> Text | Refused:
    """The file at `path`, relative to the gate's root with slashes. Never raises for what it finds there."""
    if (reason := gate.refuses(path)) is not None:
        return Refused(path, reason)
    try:
        data, status = _bytes_of(gate, path, max_bytes)
        text = _decode(data).replace("\r\n", "\n").replace("\r", "\n")
    except _UnreadableError as refusal:
        return Refused(path, str(refusal))
    if (reason := noise_in(text)) is not None:
        return Refused(path, reason)
    redacted = redact(text)
    return Text(path, redacted.text, status.st_size, status.st_mtime_ns, redacted.count)


def _bytes_of(gate: Gate, path: str, max_bytes: int) -> tuple[bytes, os.stat_result]:
    try:
        descriptor = _open_without_links(gate, path)
        if descriptor is None:
            real = os.path.relpath(os.path.realpath(gate.root / path), gate.root).replace(os.sep, "/")
            if real != path and (reason := gate.refuses(real)) is not None:
                raise _UnreadableError(f"is a link to what {reason}")
            descriptor = _open(gate.root, real)
    except OSError as error:
        raise _UnreadableError(_words_for(error)) from None
    except ValueError:
        raise _UnreadableError("lies outside the workspace") from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise _UnreadableError("is no file")
        if status.st_size > max_bytes:
            raise _UnreadableError(f"has {status.st_size} bytes, more than {max_bytes}")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            data = file.read(max_bytes + 1)
    except OSError as error:
        raise _UnreadableError(_words_for(error)) from None
    finally:
        os.close(descriptor)
    if len(data) > max_bytes:
        raise _UnreadableError(f"has more than {max_bytes} bytes")
    return data, status


def _open_without_links(gate: Gate, path: str) -> int | None:
    """A descriptor where no part of `path` is a link, as nearly always; None where it must be found out."""
    if os.open not in os.supports_dir_fd:
        return None
    try:
        return _open(gate.root, path)
    except OSError:
        return None


def _open(root: Path, real: str) -> int:
    """A descriptor of the file at `real`, no part of which may be a link. Never waits, as at a pipe. Raises OSError."""
    flags = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    if os.open not in os.supports_dir_fd:
        return os.open(root / real, flags)
    *folders, name = real.split("/")
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for part in folders:
            below = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
            os.close(folder)
            folder = below
        return os.open(name, flags | os.O_NOFOLLOW, dir_fd=folder)
    finally:
        os.close(folder)


def _decode(data: bytes) -> str:
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if data.startswith(mark):
            try:
                text = data.decode(encoding)
            except UnicodeDecodeError:
                raise _UnreadableError("is in no encoding that is known") from None
            if "\0" in text:
                raise _UnreadableError("is no text")
            return text
    if b"\0" in data:
        raise _UnreadableError("is no text")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _decode_western(data)


def _decode_western(data: bytes) -> str:
    """A text from before UTF-8: mostly ASCII, with letters of Western Europe in between and no control characters."""
    high = sum(data.count(byte) for byte in range(0xA0, 0x100))
    odd = len(data.translate(None, bytes((*range(0x20, 0x7F), *range(0xA0, 0x100), *b"\t\n\r\f"))))
    if odd or high > len(data) * 0.2:
        raise _UnreadableError("is in no encoding that is known")
    return data.decode("latin-1")


def _words_for(error: OSError) -> str:
    if error.errno in (errno.EACCES, errno.EPERM):
        return "may not be opened"
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return "is not there"
    if error.errno == errno.ELOOP:
        return "is a link that leads nowhere"
    return "is no file" if error.errno in (errno.EISDIR, errno.ENXIO) else "cannot be opened"
