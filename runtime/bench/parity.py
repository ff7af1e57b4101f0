"""Whether the fused model computes what the plain one does, in the released shape: logits, and the tokens they choose.

The plain model in float32 is the truth; the plain model in the product's own dtype says how much of a difference is
rounding and not a fault.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

import torch
from torch import Tensor

from mellum_ls.kernels import OPS
from mellum_ls.kernels.packing import Packed
from mellum_ls.runtime.bench.measure import figure
from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.fused import FusedModel
from mellum_ls.runtime.model import Model
from mellum_ls.runtime.weights import ModelWeights

# Passes after each other: a long one, single tokens, drafts and keystrokes, a rollback between.
PASSES = (600, 1, 1, 2, 4, 16, 7, 1, 700, 1, 3)
ROLLBACK = 37
# Times the error of the plain model in the same dtype. A fault is a factor of hundreds.
ALLOWED = 2.0

T = TypeVar("T")


def in_float32(weights: T) -> T:
    """The same weights with every float tensor in float32; codes stay what they are."""
    if isinstance(weights, Tensor):
        return weights.float() if weights.is_floating_point() else weights  # type: ignore[return-value]
    if isinstance(weights, Packed):
        return replace(weights, data=weights.data.float()) if weights.format == "float" else weights
    if isinstance(weights, tuple):
        return tuple(map(in_float32, weights))  # type: ignore[return-value]
    if is_dataclass(weights) and not isinstance(weights, type):
        return replace(weights, **{part.name: in_float32(getattr(weights, part.name)) for part in fields(weights)})
    return weights


def compare(config: ModelConfig, weights: ModelWeights, seed: int = 0) -> dict[str, Any]:
    """Largest relative error of the logits over all passes, and the share of places where the likeliest id differs.

    `passed` says whether the fused model is as near to float32 as the plain one in its dtype, give or take ALLOWED.
    """
    device = weights.embedding.device
    exact, plain = Model(config, in_float32(weights)), Model(config, weights)
    fused = FusedModel(config, weights)
    total = sum(PASSES) + ROLLBACK
    ids = torch.randint(0, config.vocab_size, (total,), generator=torch.Generator().manual_seed(seed)).to(device)
    found: dict[str, list[Tensor]] = {}
    for name, model in (("exact", exact), ("plain", plain)):
        with ExitStack() as stack:
            for op in OPS:
                stack.enter_context(op.plain())
            found[name] = _logits(model, ids)
    found["fused"] = _logits(fused, ids)
    truth = torch.cat(found["exact"])
    errors = {name: _error(torch.cat(found[name]), truth) for name in ("plain", "fused")}
    return {
        "error": {name: figure(error) for name, (error, _) in errors.items()},
        "other_token": {name: figure(share) for name, (_, share) in errors.items()},
        "graphs": len(fused.graphs),
        "why_no_graphs": fused.graphs.reason,
        "passed": errors["fused"][0] <= ALLOWED * errors["plain"][0] + 1e-3,
    }


def _logits(model: Model, ids: Tensor) -> list[Tensor]:
    """The scores of the last states of each pass, and of a pass behind a rollback."""
    cache, done, found = model.new_cache(), 0, []
    for count in PASSES:
        found.append(model.logits(model.forward(ids[done : done + count], cache)[-16:]).float())
        done += count
    cache.truncate(done - ROLLBACK)
    found.append(model.logits(model.forward(ids[done : done + 3], cache)).float())
    return found


def _error(found: Tensor, truth: Tensor) -> tuple[float, float]:
    error = (found - truth).abs().amax() / truth.abs().amax()
    return float(error), float((found.argmax(-1) != truth.argmax(-1)).float().mean())
