"""How many parameters a shape has and what it takes in each format, computed; and what of that fits a machine.

Sentences say why. Reads no file and allocates nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch

from mellum_ls.runtime.cache.budget import session_bytes
from mellum_ls.runtime.cache.kv_cache import Retention
from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.devices import WORTHWHILE_POSITIONS, Place, plan_memory, weight_bytes
from mellum_ls.runtime.errors import SettingError
from mellum_ls.runtime.formats import WEIGHT_FORMATS
from mellum_ls.runtime.weights import expected_tensors

# What a process of torch's takes beside weights and cache.
PROCESS_BYTES = 400_000_000


@dataclass(frozen=True, slots=True)
class Fit:
    """The format in which a model would be served here, None if in none, and a sentence why."""

    format: str | None
    why: str


def parameters(config: ModelConfig) -> int:
    """Numbers in the weights, without an MTP layer."""
    return sum(map(math.prod, expected_tensors(config).values()))


def bytes_by_format(config: ModelConfig) -> Mapping[str, int]:
    """Bytes of the weights as served, by the name that users see."""
    names = {"bf16": "float", "int8": "int8", "int4": "int4"}
    return {
        said: weight_bytes(config, format, torch.bfloat16)
        for said, name in names.items()
        for format in WEIGHT_FORMATS.values()
        if format.name == name
    }


def fit(config: ModelConfig, place: Place, free: int | None) -> Fit:
    """How the model would be served at `place`, of whose memory `free` bytes can be had; None where nobody says."""
    if place.device.type == "cuda":
        try:
            plan = plan_memory(config, free or 0, place.dtype)
        except SettingError as error:
            return Fit(None, f"{place.why}: {error}")
        return Fit("bf16" if plan.format.name == "float" else plan.format.name, f"{place.why}: {plan.why}")
    positions = min(WORTHWHILE_POSITIONS, config.max_position_embeddings)
    weights = weight_bytes(config, WEIGHT_FORMATS["float"], place.dtype)
    needed = weights + session_bytes(config, place.dtype, positions, Retention(keep_all=0)) + PROCESS_BYTES
    kind = str(place.dtype).removeprefix("torch.")
    says = f"{place.why}, in {kind}: it needs {_gb(needed)} with a prompt of {positions} tokens"
    if free is None:
        return Fit(kind, f"{says}; how much is free the system does not say")
    if needed > free:
        return Fit(None, f"{says}, and {_gb(free)} are free")
    return Fit(kind, f"{says}, of {_gb(free)} that are free")


def _gb(count: int) -> str:
    return f"{count / 1e9:.1f} GB"
