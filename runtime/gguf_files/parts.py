"""One model in one GGUF file or in several, as llama.cpp splits them: all their tensors, and the facts of the first.

Knows the names of split files and their keys; neither the architecture nor the types of numbers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mellum_ls.runtime.errors import CheckpointError
from mellum_ls.runtime.gguf_files.header import Header, TensorInfo, Value, read_header
from mellum_ls.runtime.json_file import AGAIN

# https://github.com/ggml-org/llama.cpp/blob/master/tools/gguf-split
SPLIT_NAME = re.compile(r"(?P<stem>.*)-(?P<number>\d{5})-of-(?P<count>\d{5})\.gguf")
SPLIT_COUNT, SPLIT_NUMBER, SPLIT_TENSORS = "split.count", "split.no", "split.tensors.count"
MAX_LISTED = 8


@dataclass(frozen=True, slots=True)
class GgufModel:
    """`path` is the file that was named; tensors by name, each with the header of the file that it is in."""

    path: Path
    metadata: Mapping[str, Value]
    tensors: Mapping[str, tuple[Header, TensorInfo]]


def open_parts(path: Path) -> GgufModel:
    """Read the headers of the file and, if it is one of several, of the others beside it.

    Raises ModelNotFound, and CheckpointError for a damaged file, a missing part, or one of another model.
    """
    if SPLIT_NAME.fullmatch(path.name) is None:
        header = read_header(path)
        if _whole(header, SPLIT_COUNT, 1) > 1:
            raise CheckpointError(
                f"{path} is one of {header.metadata[SPLIT_COUNT]} parts of a model, and its name does not say which. "
                "Keep the names that the parts were downloaded with."
            )
        return GgufModel(path, header.metadata, {name: (header, info) for name, info in header.tensors.items()})
    return _together(path, split_files(path))


def split_files(path: Path) -> list[Path]:
    """All files of the model that this one is of, by its name; whether they are there is not looked at."""
    split = SPLIT_NAME.fullmatch(path.name)
    if split is None:
        return [path]
    count = int(split["count"])
    return [path.with_name(f"{split['stem']}-{number:05d}-of-{count:05d}.gguf") for number in range(1, count + 1)]


def _together(path: Path, files: list[Path]) -> GgufModel:
    count = len(files)
    missing = [file.name for file in files if not file.is_file()]
    if missing:
        shown = ", ".join(missing[:MAX_LISTED]) + (" and others" if len(missing) > MAX_LISTED else "")
        raise CheckpointError(f"{path.parent} lacks {len(missing)} of {count} parts of {path.name}: {shown}. {AGAIN}")
    headers = [read_header(file) for file in files]
    tensors: dict[str, tuple[Header, TensorInfo]] = {}
    for number, header in enumerate(headers):
        if (_whole(header, SPLIT_NUMBER), _whole(header, SPLIT_COUNT)) != (number, count):
            raise CheckpointError(f"{header.path} is not the part that its name says. {AGAIN}")
        for name, info in header.tensors.items():
            if name in tensors:
                raise CheckpointError(f"tensor {name:.80} is in two parts of {path}. {AGAIN}")
            tensors[name] = header, info
    wanted = _whole(headers[0], SPLIT_TENSORS, len(tensors))
    if wanted != len(tensors):
        raise CheckpointError(f"the parts of {path} have {len(tensors)} tensors, the first promises {wanted}. {AGAIN}")
    return GgufModel(path, headers[0].metadata, tensors)


def _whole(header: Header, key: str, default: int = -1) -> int:
    value = header.metadata.get(key, default)
    return value if type(value) is int else -1
