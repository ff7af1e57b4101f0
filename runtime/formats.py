"""What a model's weights are kept as: which matrices are quantised, and to what.

Norms, the router and the embedding never are: they are few bytes of what a token reads, and small errors in the router
choose other experts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import torch

from mellum_ls.kernels.packing import BLOCK, DEFAULT_GROUP, Format, Packed, Weight, pack
from mellum_ls.runtime.checkpoint import Checkpoint
from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.errors import CheckpointError
from mellum_ls.runtime.weights import (
    MTP_PREFIX,
    Builder,
    DenseMlpWeights,
    LayerWeights,
    ModelWeights,
    MtpWeights,
    SparseMlpWeights,
    tensors_to_load,
)

FormatName = Literal["float", "int8", "int4"]


@dataclass(frozen=True, slots=True)
class WeightFormat:
    """The format of each kind of matrix; `mlp` is that of the experts, too. `group`: columns that share a scale."""

    name: FormatName
    mlp: Format
    attention: Format
    head: Format
    group: int = DEFAULT_GROUP

    def matrix_bytes(self, kind: Format, rows: int, columns: int, like: torch.dtype) -> int:
        """Bytes of a packed matrix with its scales; floats are of the dtype `like`."""
        if kind == "float":
            return rows * columns * like.itemsize
        if kind == "int8":
            return rows * (columns + 4)
        stored = -(-columns // BLOCK) * BLOCK
        return rows * (stored // 2 + 2 * stored // self.group)


WEIGHT_FORMATS: dict[FormatName, WeightFormat] = {
    "float": WeightFormat("float", "float", "float", "float"),
    "int8": WeightFormat("int8", "int8", "int8", "int8"),
    # Attention and head are a third of what a token reads and most of what four bits cost in quality.
    "int4": WeightFormat("int4", "int4", "int8", "int8"),
}


def quantised(weights: ModelWeights, format: WeightFormat) -> ModelWeights:
    """The same model with its matrices packed; layer by layer, so that one layer's floats are there besides.

    Raises ValueError where a weight is not a finite number.
    """
    if format.name == "float":
        return weights
    return replace(
        weights,
        layers=tuple(quantised_layer(layer, format) for layer in weights.layers),
        # A tied head stays apart from the embedding then: rows are looked up as floats, scores are products.
        lm_head=_packed(weights.lm_head, format.head, format),
        mtp=None if weights.mtp is None else _mtp(weights.mtp, format),
    )


def load_packed(
    checkpoint: Checkpoint, config: ModelConfig, device: torch.device, dtype: torch.dtype, format: WeightFormat
) -> ModelWeights:
    """As `load_weights`, and pack each layer as soon as it is read: one layer's floats are there besides the result.

    Raises CheckpointError as that does, and where a weight is not a finite number.
    """
    expected = tensors_to_load(checkpoint, config)
    with_mtp = any(name.startswith(MTP_PREFIX) for name in expected)
    rest = Builder(config, device, dtype)
    weights = rest.rest(mtp=with_mtp)
    try:
        rest.fill(checkpoint, [name for name in expected if name in rest.parts])
        weights = quantised(weights, format)
        layers = []
        for index, kind in enumerate(config.mlp_layer_types):
            builder = Builder(config, device, dtype)
            layer = builder.layer(f"model.layers.{index}.", kind)
            builder.fill(checkpoint, builder.parts)
            layers.append(quantised_layer(layer, format))
    except ValueError as error:
        raise CheckpointError(f"{checkpoint.directory}: {error}. Download the model again.") from error
    return replace(weights, layers=tuple(layers))


def quantised_layer(layer: LayerWeights, format: WeightFormat) -> LayerWeights:
    """One layer with its matrices packed."""
    mlp: SparseMlpWeights | DenseMlpWeights = layer.mlp
    gate_up, down = (_packed(matrix, format.mlp, format) for matrix in (mlp.gate_up, mlp.down))
    return replace(
        layer,
        qkv=_packed(layer.qkv, format.attention, format),
        output=_packed(layer.output, format.attention, format),
        mlp=replace(mlp, gate_up=gate_up, down=down),
    )


def _mtp(mtp: MtpWeights, format: WeightFormat) -> MtpWeights:
    projection = _packed(mtp.projection, format.attention, format)
    return replace(mtp, projection=projection, layer=quantised_layer(mtp.layer, format))


def _packed(weight: Weight, kind: Format, format: WeightFormat) -> Weight:
    """Expert by expert where there are several: the float32 copy of all would be larger than the layer."""
    if isinstance(weight, Packed) or kind == "float":
        return weight
    if weight.dim() == 2:
        return pack(weight, kind, format.group)
    parts = [pack(matrix, kind, format.group) for matrix in weight]
    scales = [part.scale for part in parts if part.scale is not None]
    return Packed(
        kind, torch.stack([part.data for part in parts]), parts[0].columns, torch.stack(scales), parts[0].group
    )
