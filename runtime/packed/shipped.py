"""A folder that holds a model packed in one format and no other weights: smaller to carry than a checkpoint.

Made from a checkpoint, it stands for itself: config, tokenizer and template lie beside the packed file.
"""

from __future__ import annotations

import json
import shutil
import struct
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import torch

from mellum_ls.runtime.checkpoint import INDEX_FILE, SINGLE_FILE
from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.errors import CheckpointError, StorageError
from mellum_ls.runtime.formats import WEIGHT_FORMATS, FormatName
from mellum_ls.runtime.packed.file import Progress, Unusable, read_whole
from mellum_ls.runtime.packed.layout import CHECKSUMS, METADATA, NAMES, Layout
from mellum_ls.runtime.packed.load import Source, in_place, make_file
from mellum_ls.runtime.packed.naming import named, skeleton
from mellum_ls.runtime.safetensors_header import MAX_HEADER_BYTES
from mellum_ls.runtime.weights import ModelWeights

BESIDE = (
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "chat_template.jinja",
    "README.md",
    "LICENSE",
)
"""What of a checkpoint's folder goes along, as far as it is there."""


def shipped_file(folder: Path, format: FormatName) -> Path:
    """Where the weights of such a folder are."""
    return folder / f"packed-{format}.safetensors"


def shipped_formats(folder: Path) -> tuple[FormatName, ...]:
    """The formats that a folder without a checkpoint holds, the best first; none for a checkpoint."""
    if any((folder / name).is_file() for name in (SINGLE_FILE, INDEX_FILE)):
        return ()
    return tuple(name for name in WEIGHT_FORMATS if shipped_file(folder, name).is_file())


def ship(source: Source, folder: Path, device: torch.device, progress: Progress | None = None) -> Path:
    """Make such a folder; the file of its weights. A try that was ended goes on where it was.

    Raises StorageError where there is no room or the folder has a checkpoint, CheckpointError as loading does.
    """
    if any((folder / name).exists() for name in (SINGLE_FILE, INDEX_FILE)):
        raise StorageError(f"{folder} holds a checkpoint; name another folder for the packed weights")
    _, layout = source.plan()
    path = shipped_file(folder, source.format.name)
    make_file(source, path, layout, device, progress)
    for name in BESIDE:
        file = source.checkpoint.directory / name
        if file.is_file():
            shutil.copyfile(file, folder / name)
    path.with_suffix(".lock").unlink(missing_ok=True)
    return path


def load_shipped(
    folder: Path, config: ModelConfig, device: torch.device, dtype: torch.dtype, format: FormatName
) -> ModelWeights:
    """The weights of such a folder. CheckpointError where its file is damaged or of another model or version."""
    path = shipped_file(folder, format)
    try:
        facts = _facts(path)
        stored = next((kind for kind, name in NAMES.items() if name == facts.get("floats")), None)
        if stored is None or not facts.get("group", "").isdecimal():
            raise Unusable("its header is damaged")
        kinds = replace(WEIGHT_FORMATS[format], group=int(facts["group"]))
        shapes = skeleton(config, kinds, stored, mtp=facts.get("mtp") == "1")
        own = Source.facts_of(kinds, stored, mtp=facts.get("mtp") == "1", source=facts.get("source", ""))
        tensors = read_whole(path, Layout.of(named(shapes), own))
    except (Unusable, ValueError, OSError) as error:
        raise CheckpointError(
            f"{path} cannot be used: {error}. Make it again with mellum-ls models quantize."
        ) from error
    return in_place(shapes, tensors, device, dtype)


def _facts(path: Path) -> Mapping[str, str]:
    """What the header says that the file was made of. Raises Unusable, OSError."""
    with path.open("rb") as file:
        lead = file.read(8)
        length = struct.unpack("<Q", lead)[0] if len(lead) == 8 else 0
        if not 2 <= length <= MAX_HEADER_BYTES:
            raise Unusable("its header is damaged")
        text = file.read(length)
    try:
        metadata = json.loads(text)[METADATA]
        return {str(name): str(value) for name, value in metadata.items() if name != CHECKSUMS}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Unusable("its header is damaged") from error
