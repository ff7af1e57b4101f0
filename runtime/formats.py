"""What a model's weights are kept as: which matrices are quantised, and to what.

Norms, the router and the embedding never are: they are few bytes of what a token reads, and small errors in the router
choose other experts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Literal

import torch

from mellum_ls.kernels.packing import BLOCK, DEFAULT_GROUP, Format, Packed, Weight, pack
from mellum_ls.runtime.checkpoint import Checkpoint
from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.errors import CheckpointError, SettingError
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

FormatName = Literal["float", "bf16", "int8", "int4"]
READERS = 4
"""Threads that read one layer: a disk is faster when several places of it are asked for at once."""
STORED = {"BF16": torch.bfloat16, "F16": torch.float16}
"""What is not among them is read as float32."""


@dataclass(frozen=True, slots=True)
class WeightFormat:
    """The format of each kind of matrix; `mlp` is that of the experts, too. `group`: columns that share a scale.

    `floats` is the dtype of matrices that stay floats, None for that of the activations.
    """

    name: FormatName
    mlp: Format
    attention: Format
    head: Format
    group: int = DEFAULT_GROUP
    floats: torch.dtype | None = None

    def matrix_bytes(self, kind: Format, rows: int, columns: int, like: torch.dtype) -> int:
        """Bytes of a packed matrix with its scales; floats are of the dtype `like`."""
        if kind == "float":
            return rows * columns * (self.floats or like).itemsize
        if kind == "int8":
            return rows * (columns + 4)
        stored = -(-columns // BLOCK) * BLOCK
        return rows * (stored // 2 + 2 * stored // self.group)


WEIGHT_FORMATS: dict[FormatName, WeightFormat] = {
    # As the device computes: float32 on processors, bfloat16 on GPUs.
    "float": WeightFormat("float", "float", "float", "float"),
    "bf16": WeightFormat("bf16", "float", "float", "float", floats=torch.bfloat16),
    "int8": WeightFormat("int8", "int8", "int8", "int8"),
    # Attention and head are a third of what a token reads and most of what four bits cost in quality.
    "int4": WeightFormat("int4", "int4", "int8", "int8"),
}


def named_format(name: str | None) -> FormatName | None:
    """The format of this name; None for "auto" and for None, which leave the choice to the memory.

    Raises SettingError for a name that no format has.
    """
    if name is None or name == "auto":
        return None
    for known in WEIGHT_FORMATS:
        if name == known:
            return known
    raise SettingError(f"there is no format {name!r}; use auto or one of {', '.join(WEIGHT_FORMATS)}")


def format_of(weights: ModelWeights) -> FormatName:
    """What the weights of a model are kept as."""
    experts = weights.layers[0].mlp.gate_up
    if not isinstance(experts, Packed) or experts.format == "panels":
        return "float"
    return "bf16" if experts.format == "float" else experts.format


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
    """As `load_weights`, and pack each layer as soon as it is read: two layers' floats are there besides the result.

    Raises CheckpointError as that does, and where a weight is not a finite number.
    """
    rest, *layers = read_packed(checkpoint, config, device, format)
    assert isinstance(rest, ModelWeights)
    return served(replace(rest, layers=tuple(layer for layer in layers if isinstance(layer, LayerWeights))), dtype)


def read_packed(
    checkpoint: Checkpoint, config: ModelConfig, device: torch.device, format: WeightFormat, first: int = 0
) -> Iterator[ModelWeights | LayerWeights]:
    """Yield the packed parts of a model from number `first` on: 0 is all but the layers, n is layer n - 1.

    Codes are made of the numbers as they are stored, so they do not depend on what computes; what stays floats keeps
    its stored dtype. While a part is packed the next is read. Raises CheckpointError.
    """
    expected = tensors_to_load(checkpoint, config)
    dtype = stored_dtype(checkpoint, expected)

    def read(part: int) -> ModelWeights | LayerWeights:
        builder = Builder(config, device, dtype)
        if part == 0:
            floats: ModelWeights | LayerWeights = builder.rest(mtp=has_mtp(expected))
        else:
            floats = builder.layer(f"model.layers.{part - 1}.", config.mlp_layer_types[part - 1])
        names = list(builder.parts)
        with ThreadPoolExecutor(READERS) as readers:
            list(readers.map(lambda some: builder.fill(checkpoint, some), (names[i::READERS] for i in range(READERS))))
        return floats

    parts = range(first, config.num_hidden_layers + 1)
    with ThreadPoolExecutor(1) as ahead:
        coming = [ahead.submit(read, part) for part in parts[:1]]
        for part in parts:
            floats = coming.pop().result()
            coming += [ahead.submit(read, part + 1)] if part + 1 in parts else []
            try:
                ready = (
                    quantised(floats, format) if isinstance(floats, ModelWeights) else quantised_layer(floats, format)
                )
            except ValueError as error:
                raise CheckpointError(f"{checkpoint.directory}: {error}. Download the model again.") from error
            del floats
            yield ready


def has_mtp(names: Iterable[str]) -> bool:
    """Whether tensors of an MTP layer are among them."""
    return any(name.startswith(MTP_PREFIX) for name in names)


def stored_dtype(checkpoint: Checkpoint, names: Iterable[str]) -> torch.dtype:
    """The dtype that holds all these tensors' numbers exactly: their own, or float32."""
    kinds = {checkpoint.tensors[name].dtype for name in names}
    return STORED.get(kinds.pop(), torch.float32) if len(kinds) == 1 else torch.float32


def served(weights: ModelWeights, dtype: torch.dtype) -> ModelWeights:
    """Packed weights with their norms in the dtype of the activations, and on a GPU the embedding.

    On a processor the embedding stays as it is stored: half of the memory, and the few rows in use are cast.
    """

    def layer(some: LayerWeights) -> LayerWeights:
        norms = (some.input_norm.to(dtype), some.qk_norm.to(dtype), some.mlp_norm.to(dtype))
        return replace(some, input_norm=norms[0], qk_norm=norms[1], mlp_norm=norms[2])

    mtp, embedding = weights.mtp, weights.embedding
    if mtp is not None:
        mtp = replace(
            mtp,
            embedding_norm=mtp.embedding_norm.to(dtype),
            hidden_norm=mtp.hidden_norm.to(dtype),
            norm=mtp.norm.to(dtype),
            layer=layer(mtp.layer),
        )
    return replace(
        weights,
        embedding=embedding if embedding.device.type == "cpu" else embedding.to(dtype),
        norm=weights.norm.to(dtype),
        layers=tuple(map(layer, weights.layers)),
        mtp=mtp,
    )


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
    if isinstance(weight, Packed):
        return weight
    if kind != "float":
        return pack(weight, kind, format.group)
    return weight if format.floats is None else Packed("float", weight.to(format.floats), weight.shape[-1])
