"""How many parameters a shape has and what it takes in each format, computed; and what of that fits a machine.

Sentences say why. Reads no file and allocates nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch

from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.devices import Place, plan_memory, weight_bytes
from mellum_ls.runtime.errors import SettingError
from mellum_ls.runtime.formats import WEIGHT_FORMATS
from mellum_ls.runtime.weights import expected_tensors


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


def fit(config: ModelConfig, place: Place, free: int) -> Fit:
    """How loading would serve the model at `place`, of whose memory `free` bytes can be had."""
    try:
        plan = plan_memory(config, free, place.dtype, kind=place.device.type)
    except SettingError as error:
        return Fit(None, f"{place.why}: {error}")
    name = str(place.dtype).removeprefix("torch.") if plan.format.name == "float" else plan.format.name
    return Fit(name.replace("bfloat16", "bf16"), f"{place.why}: {plan.why}")
