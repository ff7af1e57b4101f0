"""The tensors of a model by name, and a model from tensors by name: one walk for whoever writes, reads or compares.

Names are the fields' (`layers.3.mlp.gate_up.data`). Knows nothing of files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from typing import TypeVar, cast

import torch
from torch import Tensor

from mellum_ls.kernels.packing import Packed
from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.formats import WeightFormat, quantised
from mellum_ls.runtime.weights import Builder, DenseMlpWeights, LayerWeights, ModelWeights, MtpWeights, SparseMlpWeights

Node = Tensor | Packed | ModelWeights | LayerWeights | MtpWeights | SparseMlpWeights | DenseMlpWeights
N = TypeVar("N", bound=Node)


def skeleton(config: ModelConfig, format: WeightFormat, dtype: torch.dtype, *, mtp: bool) -> ModelWeights:
    """A packed model of shapes and dtypes alone, stored floats being of dtype; nothing is allocated."""
    return quantised(Builder(config, torch.device("meta"), dtype).model(mtp=mtp), format)


def named(node: Node, prefix: str = "") -> Iterator[tuple[str, Tensor]]:
    """Every tensor below a node with its name, in an order that depends on the architecture alone.

    A head that is the embedding itself comes once, under the embedding's name.
    """
    if isinstance(node, Tensor):
        yield prefix, node
        return
    for name, child in _children(node):
        yield from named(child, f"{prefix}.{name}" if prefix else name)


def rebuilt(node: N, take: Callable[[str, Tensor], Tensor], prefix: str = "") -> N:
    """The same model with each tensor replaced by take(name, tensor)."""
    if isinstance(node, Tensor):
        return cast(N, take(prefix, node))
    made: dict[str, object] = {}
    layers: list[object] = []
    for name, child in _children(node):
        whole = f"{prefix}.{name}" if prefix else name
        if name.startswith("layers."):
            layers.append(rebuilt(child, take, whole))
        else:
            made[name] = rebuilt(child, take, whole)
    if isinstance(node, ModelWeights):
        made["layers"] = tuple(layers)
        if node.lm_head is node.embedding:
            made["lm_head"] = made["embedding"]
    return cast(N, replace(node, **made))  # type: ignore[arg-type]


def _children(
    node: Packed | ModelWeights | LayerWeights | MtpWeights | SparseMlpWeights | DenseMlpWeights,
) -> Iterator[tuple[str, Node]]:
    for field in fields(node):
        child = getattr(node, field.name)
        if isinstance(child, tuple):
            yield from ((f"layers.{index}", layer) for index, layer in enumerate(child))
        elif child is not None and not isinstance(child, int | str):
            tied = isinstance(node, ModelWeights) and field.name == "lm_head" and child is node.embedding
            if not tied:
                yield field.name, child
