"""The decoder: token ids and a cache in, hidden states and logits out. One sequence, no batch dimension.

Pre-norm layers of grouped-query attention (normalised queries and keys, rotary embedding for each attention type,
sliding or full) and a sparse or dense SwiGLU MLP. Knows neither text nor files nor when to stop.

Letters in shapes: T new tokens, S cached and new ones, H hidden, D head, Hq and Hkv heads, V vocabulary.
"""

import torch
from torch import Tensor
from torch.nn.functional import embedding

from mellum_ls.kernels import apply_rope, attention, experts, linear, rms_norm, route, swiglu
from mellum_ls.runtime.cache.checkpoints import CheckpointShelf
from mellum_ls.runtime.cache.kv_cache import KVCache, Retention
from mellum_ls.runtime.config import AttentionType, ModelConfig
from mellum_ls.runtime.mtp import MtpHead
from mellum_ls.runtime.rope_tables import RopeTables
from mellum_ls.runtime.weights import DenseMlpWeights, LayerWeights, ModelWeights, SparseMlpWeights


class Model:
    """A loaded decoder. Holds no state of any sequence: that is in the cache it is given."""

    implementation = "plain operations"
    """What computes it: figures of its speed are kept by this."""

    def __init__(self, config: ModelConfig, weights: ModelWeights) -> None:
        self.config, self.weights = config, weights
        self.device, self.dtype = weights.norm.device, weights.norm.dtype
        self.rope = RopeTables(config, self.device, self.dtype)

    def new_cache(self, retention: Retention | None = None, shelf: CheckpointShelf | None = None) -> KVCache:
        """An empty cache for one sequence."""
        return KVCache(self.config, self.config.layer_types, self.device, self.dtype, retention, shelf)

    def mtp_head(self) -> MtpHead | None:
        """What drafts with the model's MTP layer; None if it has none."""
        return None if self.weights.mtp is None else MtpHead(self, self.weights.mtp)

    def prepare_drafts(self) -> None:
        """Make now what drafting would make when it first needs it, if that takes long enough to be felt."""

    @torch.inference_mode()
    def forward(self, ids: Tensor, cache: KVCache) -> Tensor:
        """Compute the tokens `ids` [T] int64 that follow the cached ones, extend the cache, return hidden [T, H].

        The ids may lie on the host: whoever has them there need not wait for a copy of them.
        The hidden states are those after the final norm: `logits` takes them, and so does the MTP layer.
        """
        start, count = cache.length, ids.shape[0]
        cache.reserve(count)
        x = embedding(ids.to(self.device), self.weights.embedding).to(self.dtype)  # [T, H]
        angles = {kind: self.rope.rows(kind, start, count) for kind in self.config.rope}
        for index, layer in enumerate(self.weights.layers):
            kind = self.config.layer_types[index]
            x = self.layer(x, layer, kind, angles[kind], cache, index)
        cache.advance(count)
        return rms_norm(x, self.weights.norm, self.config.rms_norm_eps)

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
        """One layer, of the model or of its MTP head: x [T, H], which is not needed any more, -> [T, H].

        Appends keys and values to layer `index` of the cache. With `last` only so many last rows come out, and only for
        those more than keys and values is computed.
        """
        config, eps = self.config, self.config.rms_norm_eps
        attended = attend(rms_norm(x, weights.input_norm, eps), weights, config, kind, angles, cache, index, last)
        x = (x if last is None else x[-last:]) + attended
        return x + mlp(rms_norm(x, weights.mlp_norm, eps), weights.mlp, config)

    @torch.inference_mode()
    def logits(self, hidden: Tensor) -> Tensor:
        """Scores of the next token, [T, V], for hidden states [T, H]."""
        return linear(hidden, self.weights.lm_head)

    def likeliest(self, hidden: Tensor) -> list[int]:
        """The id with the highest score of each of the hidden states [T, H]."""
        found: list[int] = self.logits(hidden).argmax(-1).tolist()
        return found


def attend(
    x: Tensor,
    weights: LayerWeights,
    config: ModelConfig,
    kind: AttentionType,
    angles: tuple[Tensor, Tensor],
    cache: KVCache,
    index: int,
    last: int | None = None,
) -> Tensor:
    """Self-attention of the new tokens, or the `last` of them, over the cache and themselves, [T, H] -> [T, H]."""
    count, num_heads, num_kv_heads = x.shape[0], config.num_attention_heads, config.num_key_value_heads
    qkv = linear(x, weights.qkv).view(count, -1, config.head_dim)  # [T, Hq + 2 Hkv, D]
    qk, v = torch.split(qkv, [num_heads + num_kv_heads, num_kv_heads], dim=1)  # [T, Hq + Hkv, D], [T, Hkv, D]
    # Queries and keys are normalised for each head and then rotated; both at once, since only the weights differ.
    qk = apply_rope(rms_norm(qk, weights.qk_norm, config.rms_norm_eps), *angles)
    q, k = torch.split(qk, [num_heads, num_kv_heads], dim=1)  # [T, Hq, D], [T, Hkv, D]
    keys, values = cache.append(index, k, v)  # [S, Hkv, D] each
    if last is not None:
        q, count = q[-last:], last
    output = attention(q, keys, values, config.window_of(kind))  # [T, Hq, D]
    return linear(output.reshape(count, -1), weights.output)


def mlp(x: Tensor, weights: SparseMlpWeights | DenseMlpWeights, config: ModelConfig) -> Tensor:
    """The MLP of a layer, [T, H] -> [T, H]."""
    if isinstance(weights, DenseMlpWeights):
        return swiglu(x, weights.gate_up, weights.down)
    shares, chosen = route(x, weights.router, config.num_experts_per_tok, config.norm_topk_prob)  # [T, K] each
    return experts(x, shares, chosen, weights.gate_up, weights.down)
