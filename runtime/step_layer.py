"""The launches of a decoder layer over a step's few rows, and the buffers between them, which all layers share.

Six launches: norm and projection to queries, keys and values; attention with its norms, rotation and cache; projection
back with the residual; norm, router and choice of experts; gate and up; down with the residual. A dense layer has no
router. The plain model (model.py) says what they compute.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from mellum_ls.kernels._triton import attend as attention
from mellum_ls.kernels._triton import experts, route
from mellum_ls.kernels._triton.launch import Launch, cdiv, next_power
from mellum_ls.kernels._triton.project import project
from mellum_ls.kernels._triton.projection import MOST_ROWS
from mellum_ls.kernels._triton.tuning import Tuning
from mellum_ls.kernels.packing import packed
from mellum_ls.runtime.config import AttentionType, ModelConfig
from mellum_ls.runtime.step_inputs import Inputs
from mellum_ls.runtime.weights import LayerWeights, SparseMlpWeights

# Passes over contexts of up to four times the length share a graph: the splits of attention fit either about as well.
LEAST_CONTEXT, CONTEXT_FACTOR = 256, 4
# Positions of a program of attention: fewer would leave each too little, more leave processors idle.
POSITIONS_PER_SPLIT = 256
MOST_SPLITS = 32

Angles = Mapping[AttentionType, tuple[Tensor, Tensor]]
"""cos and sin of all positions, [P, 1, D] each."""


def context_bucket(length: int) -> int:
    """The length that a step for a context of `length` positions is made for."""
    bucket = LEAST_CONTEXT
    while bucket < length:
        bucket *= CONTEXT_FACTOR
    return bucket


def splits_for(context: int, window: int | None) -> int:
    """Programs that share what a position sees behind `context` others."""
    seen = context if window is None else min(context, window)
    return min(MOST_SPLITS, next_power(cdiv(seen, POSITIONS_PER_SPLIT)))


@dataclass(frozen=True, slots=True)
class Shape:
    """What a step is made for: its rows, and how many programs share the positions that a layer sees.

    context and hit_experts are for counting bytes only: positions before the pass, and experts that its rows hit.
    ahead: what the rotation's position is before that of the cache. last: whether only the last row comes out of a
    layer; of the others keys and values are all that is wanted.
    """

    rows: int
    splits: Mapping[AttentionType, int]
    context: int = 0
    hit_experts: int = 0
    ahead: int = 0
    last: bool = False

    @property
    def coming_out(self) -> int:
        """Rows that a layer gives."""
        return 1 if self.last else self.rows


class Layers:
    """Makes the launches of layers that run one after the other over `stream` [T, H]; `like` has its dtype."""

    def __init__(
        self, config: ModelConfig, like: Tensor, angles: Angles, inputs: Inputs, shape: Shape, tuning: Tuning
    ) -> None:
        assert 1 <= shape.rows <= MOST_ROWS, f"a step has 1 to {MOST_ROWS} rows, not {shape.rows}"
        self._config, self._angles, self._inputs, self._shape, self._tuning = config, angles, inputs, shape, tuning
        self._like = like
        rows, out, width = shape.rows, shape.coming_out, config.hidden_size
        self.stream = self.room(rows, width)
        self.out = self.stream[rows - out :]
        """[1 or T, H]: the rows that come out, a part of the stream."""
        self._qkv = self.room(rows, config.attention_width)
        self._attended = self.room(rows, config.num_attention_heads * config.head_dim)
        inner = max(config.moe_intermediate_size * config.num_experts_per_tok, config.intermediate_size)
        self._inner = self.room(out * inner)
        self._routed = route.room_for_routes(
            out, width, max(1, config.num_experts), max(1, config.num_experts_per_tok), like.dtype, like.device
        )
        self._sums: dict[object, tuple[Tensor, Tensor]] = {}
        group = config.num_attention_heads // config.num_key_value_heads
        self._cut = tuning.attention(rows, group, like.dtype)
        self._scratch = {kind: self._scratch_of(splits) for kind, splits in shape.splits.items()}

    @property
    def workspace(self) -> int:
        """Bytes of the buffers between the launches."""
        routed = self._routed
        buffers = [self.stream, self._qkv, self._attended, self._inner, routed.normed, routed.logits]
        buffers += [tensor for pair in self._sums.values() for tensor in pair]
        buffers += [tensor for s in self._scratch.values() for tensor in (s.sums, s.most, s.total, s.counters)]
        return sum(buffer.nbytes for buffer in buffers)

    def room(self, *shape: int) -> Tensor:
        """A buffer of the stream's dtype."""
        return torch.empty(shape, dtype=self._like.dtype, device=self._like.device)

    def launches(self, layer: LayerWeights, kind: AttentionType, places: Tensor) -> list[Launch]:
        """Those of one layer, whose keys and values lie at the addresses `places` [2]; it changes `out` in place."""
        config, rows, eps, shape = self._config, self._shape.rows, self._config.rms_norm_eps, self._shape
        qkv, output = packed(layer.qkv), packed(layer.output)
        cos, sin = self._angles[kind]
        tile, attended = self._tuning.tile, self._attended[rows - shape.coming_out :]
        attend = attention.attend(
            "attend", self._qkv, layer.qk_norm, cos, sin, places, self._inputs.state, self._scratch[kind],
            self._attended, self._cut, window=config.window_of(kind), eps=eps, context=shape.context,
            ahead=shape.ahead,
        )  # fmt: skip
        return [
            project("qkv", self.stream, qkv, self._qkv, tile("qkv", qkv, rows), norm=layer.input_norm, eps=eps),
            attend,
            project("output", attended, output, self.out, tile("output", output, len(attended)), residual=self.out),
            *(self._sparse(layer, layer.mlp) if isinstance(layer.mlp, SparseMlpWeights) else self._dense(layer)),
        ]

    def _scratch_of(self, splits: int) -> attention.Scratch:
        config = self._config
        heads, kv_heads = config.num_attention_heads, config.num_key_value_heads
        device = self._like.device
        return attention.new_scratch(splits, self._shape.rows, heads, kv_heads, config.head_dim, self._cut, device)

    def _sparse(self, layer: LayerWeights, mlp: SparseMlpWeights) -> list[Launch]:
        config, rows, routed = self._config, len(self.out), self._routed
        gate_up, down = packed(mlp.gate_up), packed(mlp.down)
        inner = self._inner[: rows * config.num_experts_per_tok * config.moe_intermediate_size]
        inner = inner.view(rows, config.num_experts_per_tok, config.moe_intermediate_size)
        cut = self._tuning.tile("down", down, rows)
        hit = self._shape.hit_experts
        return [
            route.route(
                self.out, layer.mlp_norm, mlp.router, routed, eps=config.rms_norm_eps,
                normalise=config.norm_topk_prob,
            ),
            experts.gate_up(
                routed.normed, gate_up, inner, self._tuning.tile("gate_up", gate_up, rows), chosen=routed.chosen,
                hit=routed.hit, count=routed.count, hit_experts=hit,
            ),
            experts.down(
                inner, routed.shares, routed.chosen, routed.hit, routed.count, down, self.out, cut,
                room=self._room_for(cut), hit_experts=hit,
            ),
        ]  # fmt: skip

    def _dense(self, layer: LayerWeights) -> list[Launch]:
        config, rows = self._config, len(self.out)
        gate_up, down = packed(layer.mlp.gate_up), packed(layer.mlp.down)
        inner = self._inner[: rows * config.intermediate_size].view(rows, 1, config.intermediate_size)
        tile = self._tuning.tile
        return [
            experts.gate_up(
                self.out, gate_up, inner, tile("gate_up", gate_up, rows), norm=layer.mlp_norm,
                eps=config.rms_norm_eps,
            ),
            project("down", inner[:, 0], down, self.out, tile("output", down, rows), residual=self.out),
        ]  # fmt: skip

    def _room_for(self, cut: object) -> tuple[Tensor, Tensor] | None:
        """Partial sums of `down`, one room for all layers with the same tile; one row needs none."""
        rows = len(self.out)
        if rows == 1:
            return None
        if cut not in self._sums:
            device = self._like.device
            self._sums[cut] = experts.room_for_sums(rows, self._config.hidden_size, cut, device)  # type: ignore[arg-type]
        return self._sums[cut]
