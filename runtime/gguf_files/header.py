"""The header of one GGUF file, checked against the format and the file's length before anything is read by it.

The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md, versions 2 and 3. Knows no names, no types of
numbers and no architecture. The `gguf` package reads headers, too, but believes every length it finds (a damaged one
keeps it busy for ever) and takes seconds for the words of a large vocabulary.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from mellum_ls.runtime.errors import CheckpointError, ModelNotFound
from mellum_ls.runtime.json_file import AGAIN, reason

MAGIC = b"GGUF"
VERSIONS = (2, 3)
DEFAULT_ALIGNMENT = 32
ALIGNMENT_KEY = "general.alignment"
MAX_KEY_BYTES = 65535
MAX_DIMENSIONS = 4
MAX_DEPTH = 4
SCALARS: Mapping[int, str] = {
    0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d",
}  # fmt: skip
"""The code of struct for each type of a value that is one number."""
STRING, ARRAY = 8, 9
_LENGTH = struct.Struct("<Q")

Value: TypeAlias = "bool | int | float | str | Sequence[Value]"


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """One tensor as the header has it: shape with the fastest dimension last, `start` in bytes of the file."""

    shape: tuple[int, ...]
    kind: int
    """The number of its type, see types.py."""
    start: int


@dataclass(frozen=True, slots=True)
class Header:
    """What a file says of itself and of its tensors, by name."""

    path: Path
    size: int
    """Bytes of the file."""
    metadata: Mapping[str, Value]
    tensors: Mapping[str, TensorInfo]


def is_gguf(path: Path) -> bool:
    """Whether there is a file that begins as GGUF files do, whatever its name is."""
    try:
        with path.open("rb") as stream:
            return stream.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def read_header(path: Path) -> Header:
    """The header of the file; its tensors are not read.

    Raises ModelNotFound where there is no such file, CheckpointError where it cannot be opened, is no GGUF file, is cut
    off, or says what cannot be.
    """
    try:
        with path.open("rb") as stream:
            _check_beginning(path, stream.read(8))
            with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
                return _Cursor(path, data).header()
    except FileNotFoundError:
        raise ModelNotFound(f"there is no file {path}") from None
    except OSError as error:
        raise CheckpointError(f"{path} cannot be opened: {reason(error)}") from error


def _check_beginning(path: Path, lead: bytes) -> None:
    if lead[: len(MAGIC)] != MAGIC:
        raise CheckpointError(f"{path} is not a GGUF file: {_what_it_is(lead)}. {AGAIN}")
    if len(lead) < 8:
        raise CheckpointError(f"{path} is cut off: it has {len(lead)} bytes. {AGAIN}")
    version = struct.unpack("<I", lead[4:])[0]
    if version & 0xFFFF == 0:
        raise CheckpointError(
            f"{path} has its numbers in the order of big-endian machines. Take the file for x86 and ARM processors."
        )
    if version not in VERSIONS:
        newer = version > max(VERSIONS)
        remedy = "Update mellum-ls" if newer else "Take a newer file, or convert it with llama.cpp"
        raise CheckpointError(
            f"{path} is GGUF of version {version}; {' and '.join(map(str, VERSIONS))} are read. {remedy}."
        )


def _what_it_is(lead: bytes) -> str:
    if not lead:
        return "it is empty"
    if lead.startswith(b"version "):
        return "it is a pointer of Git LFS, and the file that it stands for was not downloaded"
    if lead[:1] in (b"<", b"{"):
        return "it is a text, as servers send it instead of a file"
    if lead[:4] in (b"lmgg", b"tjgg", b"fmgg"):
        return "it is of the format before GGUF, which nobody writes any more"
    return f"it begins with {lead[:4].hex(' ')}"


class _Cursor:
    """Reads a header from its beginning to its end; never past the file, and never more than is there."""

    def __init__(self, path: Path, data: mmap.mmap) -> None:
        self._path, self._data, self._size, self._at = path, data, len(data), 8

    def header(self) -> Header:
        """All of it."""
        tensors, values = self._number("Q"), self._number("Q")
        # A value is a key of at least no bytes, its type and a byte; a tensor two counts, a type and a place.
        self._require(values * 13 + tensors * 24)
        metadata: dict[str, Value] = {}
        for _ in range(values):
            key = self._string(MAX_KEY_BYTES)
            if key in metadata:
                raise self._damaged(f"says {key!r:.80} twice")
            metadata[key] = self._value(self._number("I"), key)
        infos: dict[str, TensorInfo] = {}
        for _ in range(tensors):
            name, info = self._tensor()
            if name in infos:
                raise self._damaged(f"has two tensors {name!r:.80}")
            infos[name] = info
        alignment = metadata.get(ALIGNMENT_KEY, DEFAULT_ALIGNMENT)
        if type(alignment) is not int or alignment < 1 or alignment & (alignment - 1) or alignment > 1 << 20:
            raise self._damaged(f"has {ALIGNMENT_KEY} {alignment!r:.80}, wanted a power of two")
        data = -(-self._at // alignment) * alignment
        placed = {name: TensorInfo(info.shape, info.kind, data + info.start) for name, info in infos.items()}
        return Header(self._path, self._size, metadata, placed)

    def _tensor(self) -> tuple[str, TensorInfo]:
        name = self._string(MAX_KEY_BYTES)
        count = self._number("I")
        if not 1 <= count <= MAX_DIMENSIONS:
            raise self._damaged(f"gives tensor {name!r:.80} {count} dimensions, wanted 1 to {MAX_DIMENSIONS}")
        shape = self._numbers("Q", count)
        kind, start = self._number("I"), self._number("Q")
        if any(not 0 < length < 1 << 32 for length in shape):
            raise self._damaged(f"gives tensor {name!r:.80} the shape {list(shape)}")
        return name, TensorInfo(tuple(int(length) for length in shape[::-1]), kind, start)

    def _value(self, kind: int, key: str, depth: int = 0) -> Value:
        if kind in SCALARS:
            return self._numbers(SCALARS[kind], 1)[0]
        if kind == STRING:
            return self._string()
        if kind == ARRAY and depth < MAX_DEPTH:
            inner, count = self._number("I"), self._number("Q")
            if inner in SCALARS:
                return self._numbers(SCALARS[inner], count)
            self._require(8 * count)
            if inner == STRING:
                return self._strings(count)
            return [self._value(inner, key, depth + 1) for _ in range(count)]
        raise self._damaged(f"gives {key!r:.80} the unknown type {kind}")

    def _numbers(self, code: str, count: int) -> tuple[int, ...] | tuple[float, ...]:
        self._require(count * struct.calcsize(f"<{code}"))
        layout = struct.Struct(f"<{count}{code}")
        found = layout.unpack_from(self._data, self._at)
        self._at += layout.size
        return tuple(map(_shortest, found)) if code == "f" else found

    def _number(self, code: str) -> int:
        return int(self._numbers(code, 1)[0])

    def _string(self, most: int | None = None) -> str:
        if most is not None:
            self._require(8)
            length = _LENGTH.unpack_from(self._data, self._at)[0]
            if length > most:
                raise self._damaged(f"has a name of {length} bytes, wanted {most} at most")
        return self._strings(1)[0]

    def _strings(self, count: int) -> list[str]:
        """Texts one after the other; a vocabulary has two hundred thousand, so nothing is called for each of them."""
        data, size, at, found = self._data, self._size, self._at, []
        try:
            for _ in range(count):
                begin = at + 8
                at = begin + _LENGTH.unpack_from(data, at)[0]
                if at > size:
                    break
                found.append(data[begin:at].decode("utf-8"))
        except struct.error:
            at += 8
        except UnicodeDecodeError:
            raise self._damaged(f"has a text at byte {begin} that is not UTF-8") from None
        self._require(at - self._at)
        self._at = at
        return found

    def _require(self, count: int) -> None:
        if count > self._size - self._at:
            raise CheckpointError(
                f"{self._path} is cut off in its header or damaged: it has {self._size} bytes, "
                f"its header goes on to {self._at + count}. {AGAIN}"
            )

    def _damaged(self, what: str) -> CheckpointError:
        return CheckpointError(f"{self._path} has a damaged GGUF header: it {what}. {AGAIN}")


def _shortest(number: float) -> float:
    """The number with the fewest digits that is this float32: what was written, since 1e-6 is no float32."""
    if number != number or number in (float("inf"), float("-inf")):
        return number
    exact = struct.pack("<f", number)
    return next(short for digits in range(1, 18) if struct.pack("<f", short := float(f"{number:.{digits}g}")) == exact)
