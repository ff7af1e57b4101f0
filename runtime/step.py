"""One pass of the decoder over a few tokens, as launches of fused kernels and the buffers between them.

Six launches a layer: norm and projection to queries, keys and values; attention with its norms, rotation and cache;
projection back with the residual; norm, router and choice of experts; gate and up; down with the residual. The buffers
stay where they are, and what changes from pass to pass is read from the device, so that a pass can be replayed. Knows
neither sessions nor text; the plain model (model.py) says what it computes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from mellum_ls.kernels._triton import attend as attention
from mellum_ls.kernels._triton import experts, route
from mellum_ls.kernels._triton.embed import embed
from mellum_ls.kernels._triton.launch import Launch
from mellum_ls.kernels._triton.normalise import normalise
from mellum_ls.kernels._triton.project import project
from mellum_ls.kernels._triton.projection import MOST_ROWS
from mellum_ls.kernels._triton.tuning import Tuning
from mellum_ls.kernels.packing import packed
from mellum_ls.runtime.config import AttentionType, ModelConfig
from mellum_ls.runtime.weights import LayerWeights, ModelWeights, SparseMlpWeights

Angles = Mapping[AttentionType, tuple[Tensor, Tensor]]
"""cos and sin of all positions, [P, 1, D] each."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """What changes from pass to pass, on the device. One for all steps of a model."""

    words: Tensor
    """[2 + 16] int32: positions before the pass; the first that sliding layers hold; the ids."""
    places: Tensor
    """[L, 2] int64: the addresses of each layer's keys and values."""

    @classmethod
    def new(cls, layers: int, device: torch.device) -> Inputs:
        """Room for the inputs of a model with so many layers."""
        words = torch.zeros(2 + MOST_ROWS, dtype=torch.int32, device=device)
        return cls(words, torch.zeros(layers, 2, dtype=torch.int64, device=device))

    @property
    def state(self) -> Tensor:
        """[2] int32: the two positions."""
        return self.words[:2]

    def ids(self, rows: int) -> Tensor:
        """[rows] int32."""
        return self.words[2 : 2 + rows]


@dataclass(frozen=True, slots=True)
class Shape:
    """What a step is made for: its rows, and how many programs share the positions that a layer sees.

    context and hit_experts are for counting bytes only: positions before the pass, and experts that its rows hit.
    """

    rows: int
    splits: Mapping[AttentionType, int]
    context: int = 0
    hit_experts: int = 0


class Step:
    """The launches of one pass over `shape.rows` tokens. `hidden` [T, H] is where its result lies, after the norm."""

    def __init__(
        self,
        config: ModelConfig,
        weights: ModelWeights,
        angles: Angles,
        inputs: Inputs,
        shape: Shape,
        tuning: Tuning,
        hidden: Tensor | None = None,
    ) -> None:
        """`hidden` [T, H]: where the result goes; None for a place of its own."""
        assert 1 <= shape.rows <= MOST_ROWS, f"a step has 1 to {MOST_ROWS} rows, not {shape.rows}"
        self._config, self._angles, self._inputs, self._shape, self._tuning = config, angles, inputs, shape, tuning
        self._like = weights.embedding
        rows, width = shape.rows, config.hidden_size
        self._stream = self._room(rows, width)
        self._qkv = self._room(rows, config.attention_width)
        self._attended = self._room(rows, config.num_attention_heads * config.head_dim)
        inner = max(config.moe_intermediate_size * config.num_experts_per_tok, config.intermediate_size)
        self._inner = self._room(rows * inner)
        self._routed = route.room_for_routes(
            rows, width, max(1, config.num_experts), max(1, config.num_experts_per_tok), self._like.dtype, self._device
        )
        self._sums: dict[object, tuple[Tensor, Tensor]] = {}
        group = config.num_attention_heads // config.num_key_value_heads
        self._cut = tuning.attention(rows, group, self._like.dtype)
        self._scratch = {kind: self._scratch_of(splits) for kind, splits in shape.splits.items()}
        self.hidden = self._room(rows, width) if hidden is None else hidden
        self.launches = [embed(inputs.ids(rows), weights.embedding, self._stream)]
        for index, layer in enumerate(weights.layers):
            self.launches += self._layer(layer, config.layer_types[index], inputs.places[index])
        self.launches.append(normalise("norm", self._stream, weights.norm, self.hidden, config.rms_norm_eps))
        if tuning.overlaps:
            # The first follows what is not ours, a copy of the inputs.
            self.launches[1:] = [launch.waiting(launch.name in tuning.early) for launch in self.launches[1:]]

    def run(self) -> None:
        """Launch all of it."""
        for launch in self.launches:
            launch.run()

    @property
    def _device(self) -> torch.device:
        return self._like.device

    @property
    def workspace(self) -> int:
        """Bytes of the buffers between the launches."""
        routed = self._routed
        buffers = [self._stream, self._qkv, self._attended, self._inner, self.hidden, routed.normed, routed.logits]
        buffers += [tensor for pair in self._sums.values() for tensor in pair]
        buffers += [tensor for s in self._scratch.values() for tensor in (s.sums, s.most, s.total, s.counters)]
        return sum(buffer.nbytes for buffer in buffers)

    def _room(self, *shape: int) -> Tensor:
        return torch.empty(shape, dtype=self._like.dtype, device=self._device)

    def _scratch_of(self, splits: int) -> attention.Scratch:
        config = self._config
        heads, kv_heads = config.num_attention_heads, config.num_key_value_heads
        return attention.new_scratch(
            splits, self._shape.rows, heads, kv_heads, config.head_dim, self._cut, self._device
        )

    def _layer(self, layer: LayerWeights, kind: AttentionType, places: Tensor) -> list[Launch]:
        config, rows, eps = self._config, self._shape.rows, self._config.rms_norm_eps
        qkv, output = packed(layer.qkv), packed(layer.output)
        cos, sin = self._angles[kind]
        tile = self._tuning.tile
        attend = attention.attend(
            "attend", self._qkv, layer.qk_norm, cos, sin, places, self._inputs.state, self._scratch[kind],
            self._attended, self._cut, window=config.window_of(kind), eps=eps, context=self._shape.context,
        )  # fmt: skip
        return [
            project("qkv", self._stream, qkv, self._qkv, tile("qkv", qkv, rows), norm=layer.input_norm, eps=eps),
            attend,
            project(
                "output", self._attended, output, self._stream, tile("output", output, rows), residual=self._stream
            ),
            *(self._sparse(layer, layer.mlp) if isinstance(layer.mlp, SparseMlpWeights) else self._dense(layer)),
        ]

    def _sparse(self, layer: LayerWeights, mlp: SparseMlpWeights) -> list[Launch]:
        config, rows, routed = self._config, self._shape.rows, self._routed
        gate_up, down = packed(mlp.gate_up), packed(mlp.down)
        inner = self._inner[: rows * config.num_experts_per_tok * config.moe_intermediate_size]
        inner = inner.view(rows, config.num_experts_per_tok, config.moe_intermediate_size)
        cut = self._tuning.tile("down", down, rows)
        hit = self._shape.hit_experts
        return [
            route.route(
                self._stream, layer.mlp_norm, mlp.router, routed, eps=config.rms_norm_eps,
                normalise=config.norm_topk_prob,
            ),
            experts.gate_up(
                routed.normed, gate_up, inner, self._tuning.tile("gate_up", gate_up, rows), chosen=routed.chosen,
                hit=routed.hit, count=routed.count, hit_experts=hit,
            ),
            experts.down(
                inner, routed.shares, routed.chosen, routed.hit, routed.count, down, self._stream, cut,
                room=self._room_for(cut), hit_experts=hit,
            ),
        ]  # fmt: skip

    def _dense(self, layer: LayerWeights) -> list[Launch]:
        config, rows = self._config, self._shape.rows
        gate_up, down = packed(layer.mlp.gate_up), packed(layer.mlp.down)
        inner = self._inner[: rows * config.intermediate_size].view(rows, 1, config.intermediate_size)
        tile = self._tuning.tile
        return [
            experts.gate_up(
                self._stream, gate_up, inner, tile("gate_up", gate_up, rows), norm=layer.mlp_norm,
                eps=config.rms_norm_eps,
            ),
            project("down", inner[:, 0], down, self._stream, tile("output", down, rows), residual=self._stream),
        ]  # fmt: skip

    def _room_for(self, cut: object) -> tuple[Tensor, Tensor] | None:
        """Partial sums of `down`, one room for all layers with the same tile; one row needs none."""
        if self._shape.rows == 1:
            return None
        if cut not in self._sums:
            rows, hidden = self._shape.rows, self._config.hidden_size
            self._sums[cut] = experts.room_for_sums(rows, hidden, cut, self._device)  # type: ignore[arg-type]
        return self._sums[cut]
