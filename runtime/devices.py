"""Where a model is computed, in which format, and why: one GPU of those there are, or the processor.

Arithmetic on facts about GPUs and on the shape of the model; allocates nothing. What does not fit is said before
anything is allocated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from mellum_ls.kernels.packing import Format
from mellum_ls.runtime.bench.machine import memory_bytes
from mellum_ls.runtime.cache.budget import physical_memory, session_bytes
from mellum_ls.runtime.cache.kv_cache import Retention
from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.errors import SettingError
from mellum_ls.runtime.formats import WEIGHT_FORMATS, FormatName, WeightFormat

# bfloat16 in tensor cores, and asynchronous copies, which the kernels' pipelines are made of.
LEAST_CAPABILITY = (8, 0)
MIB = 1 << 20
GRAPH_BYTES = 256 * MIB
"""CUDA graphs with their launch parameters, and the context of the driver's modules."""
WORKSPACE_BYTES = 256 * MIB
"""What a chunk of a prompt needs between its kernels, and the scores of a pass."""
WORTHWHILE_POSITIONS = 8192
"""A format is chosen so that at least a prompt of this length fits beside the weights."""
BEST_FIRST: tuple[FormatName, ...] = ("float", "bf16", "int8", "int4")


@dataclass(frozen=True, slots=True)
class Gpu:
    """What is known of one GPU; memory in bytes."""

    index: int
    name: str
    capability: tuple[int, int]
    free: int
    total: int

    def obstacle(self) -> str | None:
        """Why it cannot be used; None if it can."""
        if self.capability >= LEAST_CAPABILITY:
            return None
        has, wants = (".".join(map(str, pair)) for pair in (self.capability, LEAST_CAPABILITY))
        return f"{self.name} has compute capability {has}; bfloat16 tensor cores begin with {wants} (Ampere)"


def visible_gpus() -> list[Gpu]:
    """The GPUs that torch sees; none where torch is built for AMD, whose kernels nobody has tried."""
    if not torch.cuda.is_available() or torch.version.hip:
        return []
    gpus = []
    for index in range(torch.cuda.device_count()):
        properties = torch.cuda.get_device_properties(index)
        free, total = torch.cuda.mem_get_info(index)
        gpus.append(Gpu(index, properties.name, (properties.major, properties.minor), free, total))
    return gpus


@dataclass(frozen=True, slots=True)
class Place:
    """A device, the dtype of activations there, and a sentence for whoever asks why."""

    device: torch.device
    dtype: torch.dtype
    why: str


def default_place(device: str | None = None) -> Place:
    """Where a model is computed if nobody says otherwise, or what is to be known of the device that somebody named."""
    if device is None:
        return choose_place(visible_gpus())
    named = torch.device(device)
    return Place(named, torch.float32 if named.type == "cpu" else torch.bfloat16, f"{device}, as asked for")


def choose_place(gpus: Sequence[Gpu]) -> Place:
    """The usable GPU with the most free memory, the first of several; else the processor, in float32.

    A model is computed on one GPU: its layers run one after the other, so a second would only wait.
    """
    usable = [gpu for gpu in gpus if gpu.obstacle() is None]
    if not usable:
        reasons = "; ".join(str(gpu.obstacle()) for gpu in gpus) or "torch sees no GPU"
        # Many processors have no bfloat16 arithmetic.
        return Place(torch.device("cpu"), torch.float32, f"the processor, because {reasons}")
    best = max(usable, key=lambda gpu: (gpu.free, -gpu.index))
    why = f"{best.name}, the only usable GPU"
    if len(usable) > 1:
        why = f"{best.name} (number {best.index}): of {len(usable)} usable GPUs the one with the most free memory"
    return Place(torch.device("cuda", best.index), torch.bfloat16, why)


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """What a model takes on its device, in bytes, and what is left for keys and values."""

    format: WeightFormat
    weights: int
    overhead: int
    """Graphs and workspace."""
    cache: int
    why: str


def weight_bytes(config: ModelConfig, format: WeightFormat, dtype: torch.dtype) -> int:
    """Bytes of a model's weights in this format, without an MTP layer."""
    hidden, attended = config.hidden_size, config.num_attention_heads * config.head_dim

    def matrix(kind: Format, rows: int, columns: int) -> int:
        return format.matrix_bytes(kind, rows, columns, dtype)

    total = config.vocab_size * hidden * dtype.itemsize
    total += 0 if config.tie_word_embeddings else matrix(format.head, config.vocab_size, hidden)
    for mlp in config.mlp_layer_types:
        total += matrix(format.attention, config.attention_width, hidden) + matrix(format.attention, hidden, attended)
        count = config.num_experts if mlp == "sparse" else 1
        inner = config.moe_intermediate_size if mlp == "sparse" else config.intermediate_size
        total += count * (matrix(format.mlp, 2 * inner, hidden) + matrix(format.mlp, hidden, inner))
        total += 4 * count * hidden if mlp == "sparse" else 0  # the router, in float32
    return total


def plan_memory(
    config: ModelConfig, free: int, dtype: torch.dtype, wanted: FormatName | None = None, kind: str = "cuda"
) -> MemoryPlan:
    """The best format that leaves room for a prompt worth the name, or the wanted one; `kind` is that of the device.

    Raises SettingError, which says what would be needed, where the wanted format does not fit, or none.
    """
    overhead = WORKSPACE_BYTES + (GRAPH_BYTES if kind == "cuda" else 0)
    positions = min(WORTHWHILE_POSITIONS, config.max_position_embeddings)
    cache = session_bytes(config, dtype, positions, Retention(keep_all=0))
    # Where activations are bfloat16, weights as floats are.
    choices = [name for name in BEST_FIRST if name != "bf16" or dtype != torch.bfloat16]
    wanted = "float" if wanted == "bf16" and dtype == torch.bfloat16 else wanted
    needs = {name: weight_bytes(config, WEIGHT_FORMATS[name], dtype) + overhead + cache for name in choices}
    for name in choices if wanted is None else (wanted,):
        if needs[name] <= free:
            format = WEIGHT_FORMATS[name]
            weights = weight_bytes(config, format, dtype)
            rest = free - weights - overhead
            why = f"{name}: {_gb(weights)} of weights leave {_gb(rest)} of {_gb(free)} for keys and values"
            return MemoryPlan(format, weights, overhead, rest, why if wanted is None else f"{why}, as asked for")
    least = "int4" if wanted is None else wanted
    fitting = next((name for name in choices if needs[name] <= free), None)
    short = "free memory on the GPU" if kind == "cuda" else "end other programs"
    remedy = f"{fitting} would fit" if fitting else f"{short}, or take a smaller model"
    raise SettingError(
        f"the model in {least} needs {_gb(needs[least])} with a prompt of {positions} tokens, "
        f"and {_gb(free)} are free: {remedy}"
    )


def free_memory(device: torch.device) -> int:
    """Bytes that a model may take there now: on a processor what programs can still get, with pages that only cache."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    return memory_bytes()[1] or physical_memory()


def _gb(count: int) -> str:
    return f"{count / 1e9:.1f} GB"
