"""How much memory keys and values may take, and how long a sequence fits into that.

Arithmetic on the model's shape and one look at the device; allocates nothing.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field

import torch

from mellum_ls.runtime.cache.kv_cache import CAPACITY_STEP, Retention
from mellum_ls.runtime.config import ModelConfig

MIB = 1024**2
# On a CPU the memory is shared with the editor and all else; on a GPU what the weights left over is ours.
CPU_SHARE, CPU_MOST = 1 / 16, 1024 * MIB
GPU_SHARE = 0.8
UNKNOWN_MEMORY = 4096 * MIB
# Saved windows lie in main memory, whatever the device.
HOST_SHARE, HOST_MOST = 1 / 16, 1024 * MIB
# One session of full length must leave room for others.
SESSION_SHARE = 1 / 2


@dataclass(frozen=True, slots=True)
class CacheLimits:
    """How much to keep. None stands for what there is to spare."""

    device_bytes: int | None = None
    """For the keys and values of all sessions."""
    host_bytes: int | None = None
    """For the saved windows of all sessions."""
    retention: Retention = field(default_factory=Retention)


def device_budget(device: torch.device, *, unloaded: int = 0) -> int:
    """Bytes for the keys and values of all sessions together, beside weights of which `unloaded` bytes are to come."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        return int(max(0, free - unloaded) * GPU_SHARE)
    return min(CPU_MOST, int(physical_memory() * CPU_SHARE))


def host_budget() -> int:
    """Bytes of main memory for the checkpoints of all sessions together."""
    return min(HOST_MOST, int(physical_memory() * HOST_SHARE))


def physical_memory() -> int:
    """Bytes of main memory; a cautious guess where the system does not tell."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):  # Windows has no sysconf
        return UNKNOWN_MEMORY


def row_bytes(config: ModelConfig, dtype: torch.dtype) -> int:
    """Bytes of keys and values of one position in one layer."""
    return 2 * config.num_key_value_heads * config.head_dim * dtype.itemsize


def session_bytes(config: ModelConfig, dtype: torch.dtype, length: int, retention: Retention) -> int:
    """Most bytes that one sequence of this many positions holds on the device, capacity steps left out.

    Full layers hold every position, sliding ones every position up to `keep_all` and then their window with what may
    be taken back and added.
    """
    rows = 0
    for kind in config.layer_types:
        window = config.window_of(kind)
        if window is None or length <= retention.keep_all:
            rows += length
        else:
            rows += min(length, window - 1 + retention.rollback + retention.slack)
    return rows * row_bytes(config, dtype)


def longest_sequence(config: ModelConfig, dtype: torch.dtype, max_bytes: int, retention: Retention) -> int:
    """The largest number of positions of one sequence that fit into `max_bytes`, at most what the model has."""
    low, high = 0, config.max_position_embeddings
    while low < high:
        middle = (low + high + 1) // 2
        # Short of `keep_all` a sequence can be larger than a longer one: all of its way must fit.
        peak = session_bytes(config, dtype, min(middle, retention.keep_all), retention)
        fits = max(peak, session_bytes(config, dtype, middle, retention)) <= max_bytes
        low, high = (middle, high) if fits else (low, middle - 1)
    return low


def fitting_retention(config: ModelConfig, dtype: torch.dtype, max_bytes: int, wanted: Retention) -> Retention:
    """`wanted`, with `keep_all` lowered until a sequence that keeps everything takes at most its share."""
    per_position = row_bytes(config, dtype) * config.num_hidden_layers
    most = int(max_bytes * SESSION_SHARE) // per_position // CAPACITY_STEP * CAPACITY_STEP
    if most >= wanted.keep_all:
        return wanted
    return Retention(max(most, CAPACITY_STEP), wanted.rollback, wanted.slack, wanted.every)
