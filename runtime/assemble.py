"""From a checkpoint to a model that computes: its format and its kernels, as the device has room and can run them.

Says in one sentence what was chosen and why. Knows nothing of tokenizers or sessions.
"""

from __future__ import annotations

import logging
from importlib.util import find_spec

import torch

from mellum_ls.kernels.dispatch import triton_serves
from mellum_ls.runtime.checkpoint import Checkpoint
from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.devices import plan_memory
from mellum_ls.runtime.formats import FormatName, load_packed
from mellum_ls.runtime.model import Model
from mellum_ls.runtime.weights import ModelWeights, load_weights

logger = logging.getLogger(__name__)


def assemble(
    checkpoint: Checkpoint,
    config: ModelConfig,
    device: torch.device,
    dtype: torch.dtype,
    format: FormatName | None = None,
) -> Model:
    """Load the weights and choose what computes them.

    On a processor they stay floats. On a GPU the format is the best that fits, or `format`; SettingError, before
    anything is allocated, where none does. CheckpointError as loading raises it.
    """
    if device.type != "cuda":
        return Model(config, load_weights(checkpoint, config, device, dtype))
    free, _ = torch.cuda.mem_get_info(device)
    plan = plan_memory(config, free, dtype, format)
    logger.info("%s", plan.why)
    if plan.format.name == "float":
        weights = load_weights(checkpoint, config, device, dtype)
    else:
        weights = load_packed(checkpoint, config, device, dtype, plan.format)
    return fused_or_plain(config, weights)


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


def obstacle(config: ModelConfig, device: torch.device, dtype: torch.dtype) -> str | None:
    """Why the fused kernels do not serve this model here; None if they do."""
    if find_spec("triton") is None:
        return "triton is not installed"
    head = config.head_dim
    if head < 16 or head & (head - 1):
        return f"heads of {head} numbers have no kernel: they must be a power of two from 16 on"
    return triton_serves(device, dtype)
