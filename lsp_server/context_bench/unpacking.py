"""Archives of packages to folders, written as if whoever made the archive meant harm.

Only regular files come out, inside the folder and within limits; nothing of an archive is run.
"""

from __future__ import annotations

import shutil
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from mellum_ls.runtime.errors import MellumError

MOST_FILES = 20_000
MOST_BYTES = 400_000_000
MOST_FILE_BYTES = 2_000_000
"""A larger file is left out: it is no source that somebody writes."""


class BadArchive(MellumError):
    """An archive cannot be read, is too large, or holds something that has no place in a package."""


def unpack(archive: Path, folder: Path, *, drop_top: bool = False) -> int:
    """Write the regular files of a zip, wheel or tar archive under `folder`, which appears whole or not at all.

    `drop_top` leaves out the first part of each path. Links, devices and what lies outside are left out. The number of
    files. Raises BadArchive.
    """
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    count = total = 0
    try:
        for name, size, stream in _members(archive):
            parts = _safe_parts(name, drop_top)
            if not parts or size > MOST_FILE_BYTES:
                continue
            count, total = count + 1, total + size
            if count > MOST_FILES or total > MOST_BYTES:
                raise BadArchive(f"{archive.name} holds more than {MOST_FILES} files or {MOST_BYTES} bytes")
            target = partial.joinpath(*parts)
            target.parent.mkdir(parents=True, exist_ok=True)
            # One byte more than was announced would show that the announcement was wrong.
            data = stream.read(size + 1)
            if len(data) > size:
                raise BadArchive(f"{archive.name}: {name!r} is longer than the archive says")
            target.write_bytes(data)
    except BadArchive:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    except (OSError, ValueError, EOFError, RuntimeError, tarfile.TarError, zipfile.BadZipFile) as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise BadArchive(f"{archive.name} cannot be unpacked: {error}") from error
    if not count:
        raise BadArchive(f"{archive.name} holds no file")
    partial.replace(folder)
    return count


def _members(archive: Path) -> Iterator[tuple[str, int, IO[bytes]]]:
    """Name, size and stream of each regular file."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as opened:
            for entry in opened.infolist():
                kind = entry.external_attr >> 28  # the Unix file type where there is one: 8 is a regular file
                if not entry.is_dir() and kind in (0, 8):
                    with opened.open(entry) as stream:
                        yield entry.filename, entry.file_size, stream
        return
    with tarfile.open(archive) as tar:
        for member in tar:
            if member.isfile() and (inside := tar.extractfile(member)) is not None:
                yield member.name, member.size, inside


def _safe_parts(name: str, drop_top: bool) -> tuple[str, ...]:
    """The parts of a path under the folder; empty for one that leads elsewhere."""
    path = PurePosixPath(name.replace("\\", "/"))
    parts = path.parts[1:] if drop_top else path.parts
    if path.is_absolute() or ".." in path.parts or any(":" in part or "\0" in part for part in parts):
        return ()
    return tuple(parts)
