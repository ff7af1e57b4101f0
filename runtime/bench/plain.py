"""The plain operations of a layer, launched by torch or compiled by it: what our kernels are measured against."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from mellum_ls.kernels.experts import experts_reference
from mellum_ls.kernels.linear import linear_reference
from mellum_ls.kernels.rms_norm import rms_norm_reference
from mellum_ls.kernels.router import route_reference
from mellum_ls.runtime.fused import FusedModel
from mellum_ls.runtime.weights import LayerWeights, SparseMlpWeights


def plain_operations(model: FusedModel, rows: int, compiled: bool) -> dict[str, Callable[[], None]]:
    """What runs each operation over all layers, by name; needs float weights and sparse layers."""
    config, eps = model.config, model.config.rms_norm_eps
    width = config.num_attention_heads * config.head_dim
    x = torch.randn(rows, config.hidden_size, dtype=model.dtype, device=model.device)
    attended = torch.randn(rows, width, dtype=model.dtype, device=model.device)

    def qkv(layer: LayerWeights, x: Tensor) -> Tensor:
        return linear_reference(rms_norm_reference(x, layer.input_norm, eps), layer.qkv)

    def output(layer: LayerWeights, x: Tensor, attended: Tensor) -> Tensor:
        return x + linear_reference(attended, layer.output)

    def mlp(layer: LayerWeights, x: Tensor) -> Tensor:
        assert isinstance(layer.mlp, SparseMlpWeights)
        normed = rms_norm_reference(x, layer.mlp_norm, eps)
        routed = route_reference(normed, layer.mlp.router, config.num_experts_per_tok, config.norm_topk_prob)
        return x + experts_reference(normed, *routed, layer.mlp.gate_up, layer.mlp.down)

    if compiled:
        qkv, output, mlp = (torch.compile(some, dynamic=False) for some in (qkv, output, mlp))

    def over_layers(work: Callable[[LayerWeights], Tensor]) -> Callable[[], None]:
        def run() -> None:
            with torch.inference_mode():
                for layer in model.weights.layers:
                    work(layer)

        return run

    return {
        "qkv": over_layers(lambda layer: qkv(layer, x)),
        "output": over_layers(lambda layer: output(layer, x, attended)),
        "route+gate_up+down": over_layers(lambda layer: mlp(layer, x)),
    }
