"""The tensors of a checkpoint counted by what they are for, by their names in the released layout. Reads no data."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mellum_ls.runtime.safetensors_header import TensorEntry

# The first that matches; what is left has no place in the architecture.
_KINDS = (
    ("mtp", re.compile(r"mtp\.")),
    ("embedding", re.compile(r"model\.embed_tokens\.weight")),
    ("head", re.compile(r"lm_head\.weight")),
    ("experts", re.compile(r"model\.layers\.\d+\.mlp\.experts\.\d+\.(gate|up|down)_proj\.weight")),
    ("router", re.compile(r"model\.layers\.\d+\.mlp\.gate\.weight")),
    ("dense", re.compile(r"model\.layers\.\d+\.mlp\.(gate|up|down)_proj\.weight")),
    ("attention", re.compile(r"model\.layers\.\d+\.self_attn\.[qkvo]_proj\.weight")),
    ("norms", re.compile(r"model\.(layers\.\d+\.(self_attn\.[qk]_norm|\w+_layernorm)|norm)\.weight")),
    ("other", re.compile(r"")),
)


@dataclass(slots=True)
class Tally:
    """How much there is of one kind."""

    tensors: int = 0
    parameters: int = 0
    bytes: int = 0
    dtypes: Counter[str] = field(default_factory=Counter)
    """Tensors of each dtype."""

    def facts(self) -> dict[str, Any]:
        """As JSON has it."""
        counted = {"tensors": self.tensors, "parameters": self.parameters, "bytes": self.bytes}
        return {**counted, "dtypes": dict(self.dtypes)}

    def add(self, entry: TensorEntry) -> None:
        """Count one more."""
        self.tensors += 1
        self.parameters += math.prod(entry.shape)
        self.bytes += entry.end - entry.start
        self.dtypes[entry.dtype] += 1


def kind_of(name: str) -> str:
    """What a tensor of this name is for."""
    return next(kind for kind, pattern in _KINDS if pattern.match(name))


def count(tensors: Mapping[str, TensorEntry]) -> dict[str, Tally]:
    """By kind, in the order of a forward pass as far as there is one; only those that are there."""
    found = {kind: Tally() for kind, _ in _KINDS}
    for name, entry in tensors.items():
        found[kind_of(name)].add(entry)
    return {kind: tally for kind, tally in found.items() if tally.tensors}


def total(tallies: Iterable[Tally]) -> Tally:
    """All of them together."""
    whole = Tally()
    for tally in tallies:
        whole.tensors += tally.tensors
        whole.parameters += tally.parameters
        whole.bytes += tally.bytes
        whole.dtypes += tally.dtypes
    return whole
