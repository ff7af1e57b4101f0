"""A model of random weights in the released shape, packed as it is made: for measuring where the weights are not.

Deterministic by its seed on one kind of device. Says nothing about quality, and routes tokens about evenly, as no
trained router does: what is measured reads more different experts than a trained model would.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from mellum_ls.kernels.packing import BLOCK, CODES, INT8_MOST, Format, Packed, Weight
from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.formats import WeightFormat
from mellum_ls.runtime.weights import LayerWeights, ModelWeights, SparseMlpWeights

RELEASED: dict[str, Any] = {
    "model_type": "mellum",
    "vocab_size": 98304,
    "hidden_size": 2304,
    "num_hidden_layers": 28,
    "num_attention_heads": 32,
    "num_key_value_heads": 4,
    "head_dim": 128,
    "max_position_embeddings": 131072,
    "rms_norm_eps": 1e-6,
    "sliding_window": 1024,
    "moe_intermediate_size": 896,
    "num_experts": 64,
    "num_experts_per_tok": 8,
    "norm_topk_prob": True,
    "tie_word_embeddings": False,
    "eos_token_id": 28,
    "rope_parameters": {
        "full_attention": {
            "rope_type": "yarn",
            "rope_theta": 500000.0,
            "factor": 16.0,
            "original_max_position_embeddings": 8192,
            "beta_fast": 32.0,
            "beta_slow": 1.0,
            "attention_factor": 1.2772588722239782,
        },
        "sliding_attention": {"rope_type": "default", "rope_theta": 500000.0},
    },
}
"""config.json of Mellum2.1-12B-A2.5B, without its layer types: three sliding layers and a full one, seven times."""
PERIOD = ("sliding_attention", "sliding_attention", "sliding_attention", "full_attention")
# The deviation that the architecture's weights are initialised with.
DEVIATION = 0.02
INT4_DEVIATION = 4.61  # of a code that is any of -8..7
INT8_DEVIATION = 73.3  # of one of -127..127


def released_config(layers: int = 28) -> ModelConfig:
    """The released architecture with so many layers."""
    types = [PERIOD[index % len(PERIOD)] for index in range(layers)]
    return ModelConfig.from_dict({**RELEASED, "num_hidden_layers": layers, "layer_types": types}, source="released")


class Synthesis:
    """Makes the weights of one model, layer by layer: the only floats there are those that stay."""

    def __init__(
        self,
        config: ModelConfig,
        format: WeightFormat,
        device: torch.device,
        dtype: torch.dtype = torch.bfloat16,
        seed: int = 0,
    ) -> None:
        self._config, self._format, self._device, self._dtype = config, format, device, dtype
        on = torch.device("cpu") if device.type == "meta" else device
        self._generator = torch.Generator(device=on).manual_seed(seed)

    def model(self) -> ModelWeights:
        """All weights; on the device "meta" their shapes only."""
        config, hidden = self._config, self._config.hidden_size
        return ModelWeights(
            embedding=self._normal(config.vocab_size, hidden),
            layers=tuple(self._layer() for _ in config.layer_types),
            norm=self._ones(hidden),
            lm_head=self._matrix(self._format.head, config.vocab_size, hidden),
            mtp=None,
        )

    def _layer(self) -> LayerWeights:
        config, hidden = self._config, self._config.hidden_size
        heads = config.num_attention_heads + config.num_key_value_heads
        experts, inner = config.num_experts, config.moe_intermediate_size
        return LayerWeights(
            input_norm=self._ones(hidden),
            qkv=self._matrix(self._format.attention, config.attention_width, hidden),
            qk_norm=self._ones(heads, config.head_dim),
            output=self._matrix(self._format.attention, hidden, config.num_attention_heads * config.head_dim),
            mlp_norm=self._ones(hidden),
            mlp=SparseMlpWeights(
                router=self._normal(experts, hidden, dtype=torch.float32),
                gate_up=self._matrix(self._format.mlp, experts, 2 * inner, hidden),
                down=self._matrix(self._format.mlp, experts, hidden, inner),
            ),
        )

    def _matrix(self, kind: Format, *shape: int) -> Weight:
        columns = shape[-1]
        if kind == "float":
            floats = self._format.floats
            made = self._normal(*shape, dtype=floats)
            return made if floats is None else Packed("float", made, columns)
        if kind == "int8":
            codes = self._integers(-INT8_MOST, INT8_MOST + 1, torch.int8, *shape)
            scale = self._filled(DEVIATION / INT8_DEVIATION, torch.float32, *shape[:-1])
            return Packed("int8", codes, columns, scale)
        group, stored = self._format.group, -(-columns // BLOCK) * BLOCK
        words = self._integers(-(1 << 31), 1 << 31, torch.int32, *shape[:-1], stored // CODES)
        scale = self._filled(DEVIATION / INT4_DEVIATION, torch.float16, *shape[:-1], stored // group)
        return Packed("int4", words, columns, scale, group)

    def _normal(self, *shape: int, dtype: torch.dtype | None = None) -> Tensor:
        made = torch.empty(shape, device=self._device, dtype=dtype or self._dtype)
        return made if made.is_meta else made.normal_(0, DEVIATION, generator=self._generator)

    def _integers(self, low: int, high: int, dtype: torch.dtype, *shape: int) -> Tensor:
        made = torch.empty(shape, device=self._device, dtype=dtype)
        return made if made.is_meta else made.random_(low, high, generator=self._generator)

    def _filled(self, value: float, dtype: torch.dtype, *shape: int) -> Tensor:
        return torch.full(shape, value, dtype=dtype, device=self._device)

    def _ones(self, *shape: int) -> Tensor:
        return self._filled(1.0, self._dtype, *shape)


def synthetic_weights(
    config: ModelConfig,
    format: WeightFormat,
    device: torch.device,
    dtype: torch.dtype = torch.bfloat16,
    seed: int = 0,
) -> ModelWeights:
    """Random weights of a model whose MLPs are all sparse, without an MTP layer."""
    assert set(config.mlp_layer_types) == {"sparse"}, "only the released kind is made"
    return Synthesis(config, format, device, dtype, seed).model()


def few_layers(config: ModelConfig, layers: int) -> ModelConfig:
    """The same architecture with fewer layers."""
    return replace(
        config,
        num_hidden_layers=layers,
        layer_types=config.layer_types[:layers],
        mlp_layer_types=config.mlp_layer_types[:layers],
    )
