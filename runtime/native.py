"""The decoder on a processor with its layers as calls of compiled code. Computes what Model computes, to rounding.

A row's result is the same bit for bit however many are computed with it: drafted answers and answers from a cache are
those from scratch, not only nearly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from mellum_ls.kernels._cpu.binding import (
    LANES,
    VERSION,
    Draft,
    Layer,
    Library,
    Matrix,
    Place,
    library,
    matrix_of,
    readable,
)
from mellum_ls.kernels.packing import PANEL, Packed, Weight, packed, panelled
from mellum_ls.runtime.cache.kv_cache import KVCache
from mellum_ls.runtime.config import AttentionType, ModelConfig
from mellum_ls.runtime.drafting.vocabulary import DraftVocabulary
from mellum_ls.runtime.model import Model
from mellum_ls.runtime.mtp import Guess, MtpHead
from mellum_ls.runtime.weights import DenseMlpWeights, LayerWeights, ModelWeights, MtpWeights, SparseMlpWeights

HEAD_STEP = 2 * LANES


def obstacle(config: ModelConfig, weights: ModelWeights) -> str | None:
    """Why compiled code does not serve this model here; None if it does."""
    found = library()
    if isinstance(found, str):
        return found
    if weights.norm.dtype != torch.float32:
        return f"they compute in float32, not in {weights.norm.dtype}"
    if config.head_dim % HEAD_STEP or config.hidden_size % LANES:
        return f"they take heads of multiples of {HEAD_STEP} numbers and states of multiples of {LANES}"
    layers = weights.layers if weights.mtp is None else (*weights.layers, weights.mtp.layer)
    if not all(readable(packed(matrix)) for layer in layers for matrix in matrices(layer)):
        return "a matrix does not lie row by row, or not in whole vectors"
    return None


def matrices(layer: LayerWeights) -> tuple[Weight, ...]:
    """All that a layer multiplies with, but the router."""
    return layer.qkv, layer.output, layer.mlp.gate_up, layer.mlp.down


class NativeModel(Model):
    """A Model whose `obstacle` is None."""

    implementation = f"compiled layers {VERSION}"

    def __init__(self, config: ModelConfig, weights: ModelWeights) -> None:
        weights = narrowed(weights)
        super().__init__(config, weights)
        found = library()
        assert isinstance(found, Library)
        self._library = found
        self._head = matrix_of(weights.lm_head) if readable(packed(weights.lm_head)) else None
        self._layers = {
            id(layer): layer_of(layer, config, kind)
            for layer, kind in zip(weights.layers, config.layer_types, strict=True)
        }
        if weights.mtp is not None:
            self._layers[id(weights.mtp.layer)] = layer_of(weights.mtp.layer, config, config.mtp_layer_type)

    def likeliest(self, hidden: Tensor) -> list[int]:
        """As Model.likeliest."""
        return super().likeliest(hidden) if self._head is None else self._library.highest(hidden, self._head)

    def mtp_head(self) -> MtpHead | None:
        """As Model.mtp_head."""
        weights = self.weights.mtp
        if weights is None:
            return None
        return NativeMtpHead(self, weights, self._layers[id(weights.layer)], self._library)

    def layer(
        self,
        x: Tensor,
        weights: LayerWeights,
        kind: AttentionType,
        angles: tuple[Tensor, Tensor],
        cache: KVCache,
        index: int,
        last: int | None = None,
    ) -> Tensor:
        """As Model.layer; x is written over."""
        keys, values = cache.places()[2 * index : 2 * index + 2]
        place = Place(keys, values, cache.first_of(index), cache.length)
        return self._library.layer(self._layers[id(weights)], x, last or x.shape[0], angles, place)


class NativeMtpHead(MtpHead):
    """An MtpHead whose guesses are one call of compiled code each."""

    def __init__(self, model: Model, weights: MtpWeights, layer: Layer, library: Library) -> None:
        super().__init__(model, weights)
        self._library = library
        self._embedding = model.weights.embedding.float().contiguous()  # the same tensor, as a rule
        self._draft = Draft(
            self._embedding.data_ptr(),
            weights.embedding_norm.data_ptr(),
            weights.hidden_norm.data_ptr(),
            weights.norm.data_ptr(),
            matrix_of(weights.projection),
            layer,
        )
        self._head: tuple[Weight, Matrix] | None = None

    @torch.inference_mode()
    def guess(self, hidden: Tensor, next_ids: Sequence[int], cache: KVCache, vocabulary: DraftVocabulary) -> Guess:
        """As MtpHead.guess."""
        count, kind = len(next_ids), self._model.config.mtp_layer_type
        angles = self._model.rope.rows(kind, cache.length + 1, count)
        cache.reserve(count)
        keys, values = cache.places()
        place = Place(keys, values, cache.first_of(0), cache.length)
        head = self._matrix_of(vocabulary.head())
        state, row, sure = self._library.guess(self._draft, head, hidden, next_ids, angles, place)
        cache.advance(count)
        return Guess(vocabulary.id_at(row), sure, state)

    def _matrix_of(self, head: Weight) -> Matrix:
        """The rows of the drafted ids, which change seldom."""
        if self._head is None or self._head[0] is not head:
            self._head = head, matrix_of(head)
        return self._head[1]


def layer_of(layer: LayerWeights, config: ModelConfig, kind: AttentionType) -> Layer:
    """The layer as the library takes it; the tensors are the caller's to keep."""
    mlp = layer.mlp
    dense = isinstance(mlp, DenseMlpWeights)
    down = packed(mlp.down)
    return Layer(
        layer.input_norm.data_ptr(),
        layer.qk_norm.data_ptr(),
        layer.mlp_norm.data_ptr(),
        None if isinstance(mlp, DenseMlpWeights) else mlp.router.data_ptr(),
        matrix_of(layer.qkv),
        matrix_of(layer.output),
        matrix_of(mlp.gate_up),
        matrix_of(mlp.down),
        config.hidden_size,
        config.num_attention_heads,
        config.num_key_value_heads,
        config.head_dim,
        down.columns,
        1 if dense else config.num_experts,
        1 if dense else config.num_experts_per_tok,
        int(config.norm_topk_prob),
        config.window_of(kind) or 0,
        config.rms_norm_eps,
    )


def narrowed(weights: ModelWeights) -> ModelWeights:
    """The same numbers in fewer bytes, which are what a pass over few tokens waits for.

    A matrix whose numbers all are bfloat16's, as trained ones are, is kept in that, and in panels where its outputs
    fill them. The head, which plain torch wants by columns, is laid out by rows otherwise.
    """
    mtp = weights.mtp
    return replace(
        weights,
        layers=tuple(_narrowed_layer(layer) for layer in weights.layers),
        lm_head=_narrowed(weights.lm_head),
        mtp=None if mtp is None else _narrowed_mtp(mtp),
    )


def _narrowed_mtp(mtp: MtpWeights) -> MtpWeights:
    return replace(mtp, projection=_narrowed(mtp.projection), layer=_narrowed_layer(mtp.layer))


def _narrowed_layer(layer: LayerWeights) -> LayerWeights:
    mlp: SparseMlpWeights | DenseMlpWeights = layer.mlp
    mlp = replace(mlp, gate_up=_narrowed(mlp.gate_up, 2), down=_narrowed(mlp.down))
    return replace(layer, qkv=_narrowed(layer.qkv), output=_narrowed(layer.output), mlp=mlp)


def _narrowed(weight: Weight, parts: int = 1) -> Weight:
    """`parts`: how many matrices its rows are, each of which must fill panels."""
    if isinstance(weight, Packed):
        return weight
    weight = weight.contiguous()
    if weight.dtype != torch.float32:
        return weight
    narrow = weight.to(torch.bfloat16)
    if not bool((narrow == weight).all()):
        return weight
    return panelled(narrow) if narrow.shape[-2] % (parts * PANEL) == 0 else narrow
