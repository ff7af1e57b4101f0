"""Small models for the fused passes: on a GPU where there is one, else in Triton's interpreter."""

from typing import Any

import torch

from mellum_ls.kernels._triton.projection import Tile
from mellum_ls.kernels._triton.tuning import Tuning, key_of
from mellum_ls.kernels.packing import FORMATS
from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.formats import WEIGHT_FORMATS, FormatName, quantised
from mellum_ls.runtime.weights import ModelWeights, allocate
from tests.fakes.checkpoints import random_tensors, small_config

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
# The interpreter takes its time for each program, so few large ones; a GPU gets the tiles of the product.
WIDE = (
    Tuning.of(torch.cuda.get_device_capability())
    if DEVICE.type == "cuda"
    else Tuning(
        {
            key_of(op, format, rows): Tile(32 if op == "down" else 128, 32, 4)
            for op in ("qkv", "output", "gate_up", "down", "head", "likeliest")
            for format in FORMATS
            for rows in (1, 2)
        }
    )
)
# Of the largest number; float32 sums in another order.
TOLERANCE = 1e-5


def raw_config(**changes: Any) -> dict[str, Any]:
    """Two layers, one of each type of attention, with few experts."""
    return small_config(
        num_hidden_layers=2,
        layer_types=["sliding_attention", "full_attention"],
        mlp_layer_types=["sparse", "sparse"],
        **{"num_experts": 4, "sliding_window": 8, "moe_intermediate_size": 20, **changes},
    )


def with_mtp(attention: str = "sliding_attention", mlp: str = "sparse", **changes: Any) -> dict[str, Any]:
    """The same with an MTP layer of these types."""
    kinds = {"mtp_layer_types": [attention], "mtp_mlp_layer_types": [mlp]}
    return raw_config(num_nextn_predict_layers=1, **kinds, **changes)


def weights_of(config: ModelConfig, name: FormatName = "float", *, mtp: bool = False) -> ModelWeights:
    """Random weights in a format."""
    weights, parts = allocate(config, DEVICE, torch.float32, mtp=mtp)
    tensors = random_tensors(config, mtp=mtp, seed=3)
    for tensor, part in parts.items():
        part.copy_(tensors[tensor])
    return quantised(weights, WEIGHT_FORMATS[name])


def assert_same(found: torch.Tensor, wanted: torch.Tensor) -> None:
    """AssertionError where they differ by more than what another order of the sums makes."""
    assert (found - wanted).abs().amax() <= TOLERANCE * wanted.abs().amax()
