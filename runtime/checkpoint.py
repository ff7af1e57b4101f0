"""The safetensors files of a model directory: which tensors they hold, whether the files are whole, and their data.

Knows the file format, not the architecture: names and shapes are judged in weights.py.
"""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError, safe_open
from torch import Tensor

from mellum_ls.runtime.errors import CheckpointError, ModelNotFound
from mellum_ls.runtime.json_file import read_object, reason
from mellum_ls.runtime.safetensors_header import TensorEntry, read_header

SINGLE_FILE = "model.safetensors"
INDEX_FILE = "model.safetensors.index.json"
DTYPES = ("BF16", "F16", "F32")
MAX_LISTED = 8
_AGAIN = "Download them again: mellum-ls models pull does, and checks every file."


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The tensors of one model directory, by name. Opening checks headers and file lengths only."""

    directory: Path
    tensors: dict[str, TensorEntry]

    @property
    def described_by(self) -> str:
        """What says which tensors there should be, in words for an error."""
        return "config.json"

    @property
    def stored_as(self) -> list[str]:
        """The types that numbers are stored in, each once."""
        return sorted({entry.dtype for entry in self.tensors.values()})

    @classmethod
    def open(cls, directory: Path) -> "Checkpoint":
        """Find the weight files; ModelNotFound if there are none, CheckpointError if one is damaged."""
        single, index = directory / SINGLE_FILE, directory / INDEX_FILE
        if _is_file(single):
            return cls(directory, read_header(single))
        if _is_file(index):
            return cls(directory, _read_shards(index))
        parts = _shards(directory)
        if parts:
            raise CheckpointError(f"{directory} has {len(parts)} weight files and no {INDEX_FILE}. {_AGAIN}")
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
                    try:
                        tensor = opened.get_tensor(name)
                    except (OSError, SafetensorError) as error:
                        raise CheckpointError(f"{file}: {name} cannot be read: {error}") from error
                    yield name, tensor


def _read_shards(index: Path) -> dict[str, TensorEntry]:
    """The tensors of a sharded checkpoint; every file of the index must be there and hold what it says."""
    assigned = _assigned(index)
    files = sorted(set(assigned.values()))
    missing = [file for file in files if not (index.parent / file).is_file()]
    if missing:
        shown = ", ".join(missing[:MAX_LISTED]) + (" and others" if len(missing) > MAX_LISTED else "")
        raise CheckpointError(f"{index.parent} lacks {len(missing)} of {len(files)} weight files: {shown}. {_AGAIN}")
    tensors: dict[str, TensorEntry] = {}
    for file in files:
        for name, entry in read_header(index.parent / file).items():
            if name in tensors:
                raise CheckpointError(f"tensor {name} is in two files, {tensors[name].file.name} and {file}. {_AGAIN}")
            tensors[name] = entry
    for name, file in assigned.items():
        if name not in tensors or tensors[name].file.name != Path(file).name:
            raise CheckpointError(
                f"{index.name} says that {name} is in {file}, but it is not. Download the model again."
            )
    return tensors


def _assigned(index: Path) -> dict[str, str]:
    """The file of each tensor, by the index. A name of another folder is none of this model's."""
    weight_map = (read_object(index, CheckpointError) or {}).get("weight_map")
    if not isinstance(weight_map, dict) or not weight_map:
        raise CheckpointError(f"{index} cannot be read: wanted an object with weight_map. {_AGAIN}")
    for name, file in weight_map.items():
        if not isinstance(file, str) or "/" in file or "\\" in file or file in ("", ".", ".."):
            raise CheckpointError(f"{index} names no file of its folder for {name}: {file!r:.120}. {_AGAIN}")
    return weight_map


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError as error:
        raise CheckpointError(f"{path} cannot be looked for: {reason(error)}") from error


def _shards(directory: Path) -> list[Path]:
    return sorted(directory.glob("*.safetensors"))
