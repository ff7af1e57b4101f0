"""The safetensors files of a model directory: which tensors they hold, whether the files are whole, and their data.

Knows the file format, not the architecture: names and shapes are judged in weights.py.
"""

import json
import struct
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError, safe_open
from torch import Tensor

from mellum_ls.runtime.errors import CheckpointError, ModelNotFound

SINGLE_FILE = "model.safetensors"
INDEX_FILE = "model.safetensors.index.json"
DTYPES = ("BF16", "F16", "F32")
# A header is a few hundred bytes for each tensor; a longer one means that the file is something else.
MAX_HEADER_BYTES = 100 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class TensorEntry:
    """Where one tensor lies and what its header says about it."""

    file: Path
    shape: tuple[int, ...]
    dtype: str


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The tensors of one model directory, by name. Opening checks headers and file lengths only."""

    directory: Path
    tensors: dict[str, TensorEntry]

    @classmethod
    def open(cls, directory: Path) -> "Checkpoint":
        """Find the weight files; ModelNotFound if there are none, CheckpointError if one is damaged."""
        single, index = directory / SINGLE_FILE, directory / INDEX_FILE
        if single.is_file():
            return cls(directory, _read_header(single))
        if index.is_file():
            return cls(directory, _read_shards(index))
        raise ModelNotFound(f"{directory} has neither {SINGLE_FILE} nor {INDEX_FILE}: there are no weights to load")

    def read(self, names: Iterable[str]) -> Iterator[tuple[str, Tensor]]:
        """Yield (name, tensor on the CPU in its stored dtype) for the names, file by file."""
        by_file: dict[Path, list[str]] = {}
        for name in names:
            by_file.setdefault(self.tensors[name].file, []).append(name)
        for file, wanted in by_file.items():
            with ExitStack() as stack:
                try:
                    opened = stack.enter_context(safe_open(file, framework="pt"))
                except (OSError, SafetensorError) as error:
                    raise CheckpointError(f"{file} cannot be opened: {error}") from error
                for name in wanted:
                    yield name, opened.get_tensor(name)


def _read_shards(index: Path) -> dict[str, TensorEntry]:
    """The tensors of a sharded checkpoint; every file of the index must be there and hold what it says."""
    try:
        weight_map = json.loads(index.read_text(encoding="utf-8"))["weight_map"]
        assigned = {str(name): str(file) for name, file in weight_map.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(f"{index} cannot be read: wanted an object with weight_map ({error!r})") from error
    files = sorted(set(assigned.values()))
    missing = [file for file in files if not (index.parent / file).is_file()]
    if missing:
        raise CheckpointError(
            f"{index.parent} lacks {len(missing)} of {len(files)} weight files: {', '.join(missing)}. "
            "Download them again."
        )
    tensors: dict[str, TensorEntry] = {}
    for file in files:
        for name, entry in _read_header(index.parent / file).items():
            if name in tensors:
                raise CheckpointError(f"tensor {name} is in two files, {tensors[name].file.name} and {file}")
            tensors[name] = entry
    for name, file in assigned.items():
        if name not in tensors or tensors[name].file.name != Path(file).name:
            raise CheckpointError(
                f"{index.name} says that {name} is in {file}, but it is not. Download the model again."
            )
    return tensors


def _read_header(file: Path) -> dict[str, TensorEntry]:
    """Parse the header of one safetensors file and compare the file's length with its promise."""
    size = file.stat().st_size
    with file.open("rb") as stream:
        lead = stream.read(8)
        length = struct.unpack("<Q", lead)[0] if len(lead) == 8 else -1
        if not 2 <= length <= min(MAX_HEADER_BYTES, size - 8):
            raise CheckpointError(f"{file} is not a safetensors file or was cut off in its header ({size} bytes long)")
        text = stream.read(length)
    try:
        header = json.loads(text)
        header.pop("__metadata__", None)
        entries = {
            name: TensorEntry(file, tuple(int(n) for n in entry["shape"]), str(entry["dtype"]))
            for name, entry in header.items()
        }
        end = 8 + length + max((int(entry["data_offsets"][1]) for entry in header.values()), default=0)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise CheckpointError(f"{file} has a damaged safetensors header: {error!r}") from error
    if size < end:
        raise CheckpointError(
            f"{file} is truncated: {size} bytes, its header promises {end}. Download or copy it again."
        )
    return entries
