"""From a checkpoint to a model that computes: its format and its kernels, as the device has room and can run them.

Says in one sentence what was chosen and why. Knows nothing of tokenizers or sessions.
"""

from __future__ import annotations

import logging
from importlib.util import find_spec
from pathlib import Path

import torch

from mellum_ls.kernels.dispatch import triton_serves
from mellum_ls.runtime.checkpoint import Checkpoint
from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.devices import free_memory, plan_memory
from mellum_ls.runtime.errors import SettingError
from mellum_ls.runtime.formats import FormatName, load_packed
from mellum_ls.runtime.model import Model
from mellum_ls.runtime.model_files import ModelFiles
from mellum_ls.runtime.native import NativeModel
from mellum_ls.runtime.native import obstacle as native_obstacle
from mellum_ls.runtime.packed.load import Source, load_kept
from mellum_ls.runtime.packed.shipped import load_shipped, shipped_formats
from mellum_ls.runtime.weights import ModelWeights, load_weights

logger = logging.getLogger(__name__)


def assemble_from(
    files: ModelFiles,
    config: ModelConfig,
    device: torch.device,
    dtype: torch.dtype,
    format: FormatName | None = None,
    cache_dir: Path | None = None,
) -> Model:
    """A model's checkpoint, as `assemble` has it, or the packed weights that its folder holds alone."""
    there = shipped_formats(files.path) if files.path.is_dir() else ()
    if not there:
        return assemble(files.checkpoint(), config, device, dtype, format, cache_dir)
    wanted = format or there[0]
    if wanted not in there:
        raise SettingError(f"{files.path} holds the weights as {', '.join(there)}, not as {wanted}: take one of those")
    plan = plan_memory(config, free_memory(device), dtype, wanted, device.type)
    logger.info("%s", plan.why)
    weights = load_shipped(files.path, config, device, dtype, wanted)
    return served(config, weights)


KEPT = ("int8", "int4")
"""Formats whose packed weights are kept in a file as they are made; others would be the checkpoint once more."""


def assemble(
    checkpoint: Checkpoint,
    config: ModelConfig,
    device: torch.device,
    dtype: torch.dtype,
    format: FormatName | None = None,
    cache_dir: Path | None = None,
) -> Model:
    """Load the weights and choose what computes them.

    The format is the best that fits the device, or `format`; SettingError, before anything is allocated, where none
    does. Packed weights are kept in `cache_dir`, if there is one. CheckpointError as loading raises it.
    """
    plan = plan_memory(config, free_memory(device), dtype, format, device.type)
    logger.info("%s", plan.why)
    if plan.format.name == "float":
        weights = load_weights(checkpoint, config, device, dtype)
    elif cache_dir is None:
        weights = load_packed(checkpoint, config, device, dtype, plan.format)
    else:
        source = Source(checkpoint, config, plan.format)
        weights = load_kept(source, device, dtype, cache_dir, make=plan.format.name in KEPT)
    return served(config, weights)


def served(config: ModelConfig, weights: ModelWeights) -> Model:
    """The model with the best implementation that there is where its weights lie."""
    return (fused_or_plain if weights.norm.device.type == "cuda" else native_or_plain)(config, weights)


def fused_or_plain(config: ModelConfig, weights: ModelWeights) -> Model:
    """The model with fused kernels, or the plain one and, in the log, what stands in the way."""
    reason = obstacle(config, weights.norm.device, weights.norm.dtype)
    if reason is None:
        from mellum_ls.runtime.fused import FusedModel

        model = FusedModel(config, weights)
        model.prepare()
        return model
    logger.warning("passes go through torch's own operations, which is slower: %s", reason)
    return Model(config, weights)


def native_or_plain(config: ModelConfig, weights: ModelWeights) -> Model:
    """The model with compiled layers, or the plain one and, in the log, what stands in the way."""
    reason = native_obstacle(config, weights)
    if reason is None:
        return NativeModel(config, weights)
    logger.info("passes go through torch's own operations, which is slower than compiled ones: %s", reason)
    return Model(config, weights)


def obstacle(config: ModelConfig, device: torch.device, dtype: torch.dtype) -> str | None:
    """Why the fused kernels do not serve this model here; None if they do."""
    if find_spec("triton") is None:
        return "triton is not installed"
    head = config.head_dim
    if head < 16 or head & (head - 1):
        return f"heads of {head} numbers have no kernel: they must be a power of two from 16 on"
    return triton_serves(device, dtype)
