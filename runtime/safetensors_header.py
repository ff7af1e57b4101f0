"""The header of one safetensors file, checked against the format and the file's length before anything is read by it.

The format: https://github.com/huggingface/safetensors#format. Eight bytes with the length of a JSON object, that object
with dtype, shape and offsets of each tensor, then the tensors without holes. Knows no names and no architecture.
"""

from __future__ import annotations

import math
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, TypeGuard

from mellum_ls.runtime.errors import CheckpointError
from mellum_ls.runtime.json_file import AGAIN, parsed, reason

# What the format's own library takes; a longer header means that the file is something else.
MAX_HEADER_BYTES = 100_000_000
MAX_QUOTED = 120
DTYPE_BITS: Mapping[str, int] = {
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8,
    "I16": 16, "U16": 16, "F16": 16, "BF16": 16,
    "I32": 32, "U32": 32, "F32": 32,
    "I64": 64, "U64": 64, "F64": 64, "C64": 64,
    "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class TensorEntry:
    """Where one tensor lies and what its header says about it.

    `start` and `end` count bytes from the beginning of the file, the end not included.
    """

    file: Path
    shape: tuple[int, ...]
    dtype: str
    start: int
    end: int


def read_header(file: Path) -> dict[str, TensorEntry]:
    """The tensors of the file by name, in the file's order of bytes; reads the header alone.

    Raises CheckpointError where the file cannot be opened, is cut off, or its header does not describe it.
    """
    try:
        with file.open("rb") as stream:
            return _entries(file, stream, os.fstat(stream.fileno()).st_size)
    except OSError as error:
        raise CheckpointError(f"{file} cannot be opened: {reason(error)}") from error


def _entries(file: Path, stream: BinaryIO, size: int) -> dict[str, TensorEntry]:
    length = _header_length(file, stream.read(8), size)
    header = parsed(stream.read(length), CheckpointError, f"{file}: its safetensors header")
    if not isinstance(header, dict):
        raise CheckpointError(f"{file} has a damaged safetensors header: it is no object. {AGAIN}")
    data = 8 + length
    entries = {name: _entry(file, name, raw, data) for name, raw in header.items() if name != "__metadata__"}
    in_order = dict(sorted(entries.items(), key=lambda item: (item[1].start, item[1].end)))
    end = data
    for name, entry in in_order.items():
        if entry.start != end:
            what = "overlaps the one before" if entry.start < end else "leaves a hole before it"
            raise CheckpointError(f"{file} has a damaged safetensors header: tensor {_quoted(name)} {what}. {AGAIN}")
        end = entry.end
    if size < end:
        raise CheckpointError(f"{file} is truncated: {size} bytes, its header promises {end}. {AGAIN}")
    if size > end:
        raise CheckpointError(f"{file} has {size} bytes, {size - end} more than its header describes. {AGAIN}")
    return in_order


def _header_length(file: Path, lead: bytes, size: int) -> int:
    if size == 0:
        raise CheckpointError(f"{file} is not a safetensors file: it is empty. {AGAIN}")
    length = struct.unpack("<Q", lead)[0] if len(lead) == 8 else -1
    if not 2 <= length <= size - 8:
        promised = f", it promises a header of {length} bytes" if length >= 0 else ""
        raise CheckpointError(
            f"{file} is not a safetensors file or was cut off in its header ({size} bytes long{promised}). {AGAIN}"
        )
    if length > MAX_HEADER_BYTES:
        raise CheckpointError(
            f"{file} is not a safetensors file: it promises a header of {length} bytes, "
            f"more than the {MAX_HEADER_BYTES} of the format. {AGAIN}"
        )
    return int(length)


def _entry(file: Path, name: str, raw: Any, data: int) -> TensorEntry:
    def damaged(what: str) -> CheckpointError:
        return CheckpointError(f"{file} has a damaged safetensors header: tensor {_quoted(name)} {what}. {AGAIN}")

    if not isinstance(raw, dict):
        raise damaged("is no object")
    shape, dtype, offsets = raw.get("shape"), raw.get("dtype"), raw.get("data_offsets")
    if not isinstance(dtype, str) or dtype not in DTYPE_BITS:
        raise damaged(f"has the dtype {_quoted(dtype)}, which the format does not know")
    if not _counts(shape):
        raise damaged(f"has the shape {_quoted(shape)}, wanted a list of whole numbers")
    if not _counts(offsets) or len(offsets) != 2 or offsets[0] > offsets[1]:
        raise damaged(f"has the data_offsets {_quoted(offsets)}, wanted its first byte and the one behind its last")
    bits, held = math.prod(shape) * DTYPE_BITS[dtype], 8 * (offsets[1] - offsets[0])
    if bits != held:
        raise damaged(f"of shape {_quoted(shape)} and dtype {dtype} needs {_quoted(bits // 8)} bytes, has {held // 8}")
    return TensorEntry(file, tuple(shape), dtype, data + offsets[0], data + offsets[1])


def _counts(value: Any) -> TypeGuard[list[int]]:
    # A file has fewer than 2**63 bytes, and no tensor more dimensions than fit on a line.
    return (
        isinstance(value, list)
        and len(value) <= 16
        and all(type(number) is int and 0 <= number < 1 << 63 for number in value)
    )


def _quoted(value: object) -> str:
    """The value in one short line: it comes from a file that may hold anything."""
    text = repr(value)
    return text if len(text) <= MAX_QUOTED else text[:MAX_QUOTED] + "…"
