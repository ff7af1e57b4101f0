"""Writes and reads the bytes of a file of packed weights, part by part, and knows when they are not what was written.

A part counts from the moment that its checksum is in the header, which is written when its bytes are on the disk.
Knows the layout (layout.py), neither checkpoints nor models.
"""

from __future__ import annotations

import mmap
import os
import threading
import zlib
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch
from torch import Tensor

from mellum_ls.runtime.packed.layout import UNWRITTEN, Layout

READERS = 8
"""Threads that read and check at once: what a fast disk needs to be busy. Both let other threads run."""
CHUNK_BYTES = 4 << 20

Progress = Callable[[int, int], None]
"""Called with bytes done and bytes to do, from any thread, one call at a time."""


class Unusable(Exception):
    """A file that is not what was wanted; the message says why, in words that follow its name."""


class Writer:
    """A file on its way. Found unfinished, it goes on behind the parts that are whole."""

    def __init__(self, path: Path, layout: Layout) -> None:
        self.path, self.layout = path, layout
        self._file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600), "r+b", 0)
        try:
            self.checksums = self._resume()
        except BaseException:
            self._file.close()
            raise

    @property
    def done(self) -> int:
        """Parts that are written."""
        return next((n for n, found in enumerate(self.checksums) if found == UNWRITTEN), len(self.checksums))

    def _resume(self) -> list[str]:
        blank = [UNWRITTEN] * len(self.layout.parts)
        header = self._file.read(self.layout.data_start)
        found = self.layout.checksums_in(header)
        if isinstance(found, str):
            self._file.truncate(0)
            self._write(0, [memoryview(self.layout.header(blank))])
            return blank
        # What a dying machine left behind may be a checksum without its bytes.
        for part, checksum in enumerate(found):
            if checksum == UNWRITTEN or _checksum(self.path, *self.layout.parts[part]) != checksum:
                return found[:part] + blank[part:]
        return found

    def write(self, tensors: Iterable[tuple[str, Tensor]]) -> None:
        """Write the next part, all of its tensors in their order, and make it count."""
        part = self.done
        start, end = self.layout.parts[part]
        at, checksum = start, 0
        for name, tensor in tensors:
            place = self.layout.places[name]
            assert (place.start, place.dtype, place.shape) == (at, tensor.dtype, tuple(tensor.shape)), name
            data = _bytes(tensor)
            pad = bytes(-(at + len(data)) % 64)
            self._write(at, [data, memoryview(pad)])
            checksum = zlib.crc32(pad, zlib.crc32(data, checksum))
            at += len(data) + len(pad)
        assert at == end, f"part {part} ends at {at}, not {end}"
        os.fsync(self._file.fileno())
        self.checksums[part] = f"{checksum:08x}"
        self._write(0, [memoryview(self.layout.header(self.checksums))])

    def finish(self, path: Path) -> None:
        """Put the whole file where `path` says, in place of what is there."""
        assert self.done == len(self.layout.parts), "parts are missing"
        os.fsync(self._file.fileno())
        self._file.close()  # an open file cannot be renamed on Windows
        self.path.replace(path)

    def close(self) -> None:
        """Let go of the file; what is written stays for the next time."""
        self._file.close()

    def _write(self, at: int, pieces: Iterable[memoryview]) -> None:
        self._file.seek(at)
        for piece in pieces:
            rest = piece
            while len(rest):
                rest = rest[self._file.write(rest) :]


def read_whole(path: Path, layout: Layout, progress: Progress | None = None) -> Mapping[str, Tensor]:
    """Check every byte of a finished file and map it: tensors on the CPU, by name, that lie in the file.

    They may be written to, which changes no file. Raises Unusable, OSError.
    """
    with path.open("rb") as file:
        header = file.read(layout.data_start)
        size = os.fstat(file.fileno()).st_size
        checksums = layout.checksums_in(header)
        if isinstance(checksums, str):
            raise Unusable(checksums)
        if size != layout.size:
            raise Unusable(f"it has {size} bytes instead of {layout.size}")
        _verify(path, layout, checksums, progress)
        pages = mmap.mmap(file.fileno(), size, access=mmap.ACCESS_COPY)
    whole = torch.frombuffer(pages, dtype=torch.uint8)
    return {
        name: whole[place.start : place.start + place.nbytes].view(place.dtype).view(place.shape)
        for name, place in layout.places.items()
    }


def _verify(path: Path, layout: Layout, checksums: list[str], progress: Progress | None) -> None:
    """All parts at once, the largest first; Unusable names the first that is not what was written."""
    done, lock = 0, threading.Lock()

    def on_read(count: int) -> None:
        nonlocal done
        with lock:
            done += count
            if progress is not None:
                progress(done, layout.size - layout.data_start)

    def fits(part: int) -> bool:
        return _checksum(path, *layout.parts[part], on_read) == checksums[part]

    order = sorted(range(len(checksums)), key=lambda part: layout.parts[part][0] - layout.parts[part][1])
    with ThreadPoolExecutor(READERS) as readers:
        wrong = [part for part, right in zip(order, readers.map(fits, order), strict=True) if not right]
    if wrong:
        start, end = layout.parts[min(wrong)]
        raise Unusable(f"bytes {start} to {end} are not what was written")


def _checksum(path: Path, start: int, end: int, on_read: Callable[[int], None] | None = None) -> str:
    """The checksum of some bytes of a file, fewer where it ends early."""
    room, checksum = memoryview(bytearray(min(CHUNK_BYTES, end - start))), 0
    with path.open("rb", buffering=0) as file:
        file.seek(start)
        while start < end:
            count = file.readinto(room[: end - start])
            if not count:
                break
            checksum = zlib.crc32(room[:count], checksum)
            start += count
            if on_read is not None:
                on_read(count)
    return f"{checksum:08x}"


def _bytes(tensor: Tensor) -> memoryview:
    return tensor.contiguous().cpu().reshape(-1).view(torch.uint8).numpy().data
