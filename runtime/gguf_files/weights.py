"""The tensors of a GGUF model under the released names: where each lies, and its numbers, one matrix at a time.

llama.cpp's converter for this architecture renames and stacks, and changes no order of rows: rotary embedding turns the
same halves there. Knows names and places; what numbers are stored as is types.py's, shapes are judged by weights.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from torch import Tensor

from mellum_ls.runtime.checkpoint import Checkpoint
from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.errors import CheckpointError
from mellum_ls.runtime.gguf_files.header import Header, TensorInfo
from mellum_ls.runtime.gguf_files.parts import GgufModel
from mellum_ls.runtime.gguf_files.types import FLOATS, READABLE, numbers_of, stored_bytes, type_name
from mellum_ls.runtime.json_file import AGAIN, reason
from mellum_ls.runtime.safetensors_header import TensorEntry

MAX_LISTED = 8
# https://github.com/ggml-org/llama.cpp/blob/master/gguf-py/gguf/tensor_mapping.py
WHOLE = {
    "token_embd.weight": "model.embed_tokens.weight",
    "output_norm.weight": "model.norm.weight",
    "output.weight": "lm_head.weight",
}
OF_LAYER = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "attn_q_norm": "self_attn.q_norm",
    "attn_k_norm": "self_attn.k_norm",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate_inp": "mlp.gate",
}
OF_EXPERTS = {"ffn_gate_exps": "gate_proj", "ffn_up_exps": "up_proj", "ffn_down_exps": "down_proj"}
FUSED = "attn_qkv"
"""Rows of queries, keys and values in one: llama.cpp's converter can write them so, and its loader takes both."""
LAYER_NAME = re.compile(r"blk\.(\d{1,4})\.(.+)")


@dataclass(frozen=True, slots=True)
class Place:
    """A matrix or a norm in a file: its first byte, and how it is stored."""

    file: Path
    shape: tuple[int, ...]
    type: str
    start: int
    size: int
    """In bytes."""

    def rows(self, first: int, count: int) -> Place:
        """Some rows of it."""
        row = self.size // self.shape[0]
        return Place(self.file, (count, *self.shape[1:]), self.type, self.start + first * row, count * row)

    def matrix(self, index: int) -> Place:
        """One of a stack."""
        each = self.size // self.shape[0]
        return Place(self.file, self.shape[1:], self.type, self.start + index * each, each)


@dataclass(frozen=True, slots=True)
class GgufCheckpoint(Checkpoint):
    """The tensors of a GGUF model; `directory` is the file that was named, and what is not a float reads as float32."""

    places: Mapping[str, Place] = field(default_factory=dict)

    @classmethod
    def of(cls, model: GgufModel, config: ModelConfig) -> GgufCheckpoint:
        """Find every tensor. Raises CheckpointError for files that are cut off, types that cannot be read, names."""
        _require(model, config)
        places = {
            name: part
            for stored, (header, info) in model.tensors.items()
            for name, part in _named(stored, _place(stored, header, info), config)
        }
        entries = {name: _entry(place) for name, place in places.items()}
        return cls(model.path, entries, places)

    def read(self, names: Iterable[str]) -> Iterator[tuple[str, Tensor]]:
        """Yield (name, tensor on the CPU) for the names, file by file; float32 of what is stored in fewer bits."""
        by_file: dict[Path, list[str]] = {}
        for name in names:
            by_file.setdefault(self.places[name].file, []).append(name)
        for file, wanted in by_file.items():
            try:
                stream = file.open("rb")
            except OSError as error:
                raise CheckpointError(f"{file} cannot be opened: {reason(error)}") from error
            with stream:
                for name in wanted:
                    place = self.places[name]
                    data = bytearray(place.size)
                    try:
                        stream.seek(place.start)
                        done = stream.readinto(data)
                    except OSError as error:
                        raise CheckpointError(f"{file}: {name} cannot be read: {reason(error)}") from error
                    if done != place.size:
                        raise CheckpointError(f"{file} became shorter while it was read. {AGAIN}")
                    yield name, numbers_of(data, place.type, place.shape)

    @property
    def described_by(self) -> str:
        """The same file."""
        return "what the file says of itself"

    @property
    def stored_as(self) -> list[str]:
        """Those of the file: what is read from most of them is float32."""
        return sorted(self.stored_types)

    @property
    def stored_types(self) -> dict[str, int]:
        """How many tensors' numbers are stored in each type."""
        counts: dict[str, int] = {}
        for place in self.places.values():
            counts[place.type] = counts.get(place.type, 0) + 1
        return counts


def _entry(place: Place) -> TensorEntry:
    return TensorEntry(
        place.file, place.shape, place.type if place.type in FLOATS else "F32", place.start, place.start + place.size
    )


def _place(name: str, header: Header, info: TensorInfo) -> Place:
    kind = type_name(info.kind)
    if kind not in READABLE:
        raise CheckpointError(
            f"{header.path}: {name:.80} is stored in the type {kind}, which cannot be read. Take a file of another "
            f"type: {', '.join(READABLE)}."
        )
    row = stored_bytes(kind, info.shape[-1])
    if row is None:
        raise CheckpointError(f"{header.path}: {name:.80} has rows of {info.shape[-1]} numbers in {kind}. {AGAIN}")
    size = row
    for length in info.shape[:-1]:
        size *= length
    if info.start + size > header.size:
        raise CheckpointError(
            f"{header.path} is cut off: it has {header.size} bytes, {name:.80} goes on to {info.start + size}. {AGAIN}"
        )
    return Place(header.path, info.shape, kind, info.start, size)


def _named(stored: str, place: Place, config: ModelConfig) -> Iterator[tuple[str, Place]]:
    """The released names of what one tensor holds. One that the architecture has not keeps its name, as an error."""
    layer = LAYER_NAME.fullmatch(stored)
    if layer is None:
        yield WHOLE.get(stored, stored), place
        return
    index, kind = int(layer[1]), layer[2].removesuffix(".weight") if stored.endswith(".weight") else ""
    prefix = f"model.layers.{index}."
    if index >= config.num_hidden_layers:
        return  # a layer that predicts further tokens
    if kind in OF_EXPERTS and len(place.shape) == 3:
        for expert in range(place.shape[0]):
            yield f"{prefix}mlp.experts.{expert}.{OF_EXPERTS[kind]}.weight", place.matrix(expert)
    elif kind == FUSED and len(place.shape) == 2 and place.shape[0] == config.attention_width:
        first = 0
        for letter, heads in zip("qkv", (config.num_attention_heads, *[config.num_key_value_heads] * 2), strict=True):
            yield f"{prefix}self_attn.{letter}_proj.weight", place.rows(first, heads * config.head_dim)
            first += heads * config.head_dim
    else:
        yield f"{prefix}{OF_LAYER[kind]}.weight" if kind in OF_LAYER else stored, place


def _require(model: GgufModel, config: ModelConfig) -> None:
    """Say by the file's own names what is missing: one stack that is not there would be hundreds of experts."""
    wanted = list(WHOLE)
    for index in range(config.num_hidden_layers):
        fused = f"blk.{index}.{FUSED}.weight" in model.tensors
        kinds = [kind for kind in OF_LAYER if not (fused and kind in ("attn_q", "attn_k", "attn_v"))]
        wanted += [f"blk.{index}.{kind}.weight" for kind in (*kinds, *OF_EXPERTS)]
    missing = [name for name in wanted if name not in model.tensors]
    if missing:
        shown = ", ".join(missing[:MAX_LISTED]) + (" and others" if len(missing) > MAX_LISTED else "")
        raise CheckpointError(f"{model.path} lacks {len(missing)} of {len(wanted)} tensors: {shown}. {AGAIN}")
