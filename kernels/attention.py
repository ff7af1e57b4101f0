"""Causal grouped-query attention over the keys and values of a cache, with an optional sliding window.

Knows positions, not layers: the queries are the last T of the S positions that k and v cover.
"""

from functools import lru_cache
from typing import Protocol

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from mellum_ls.kernels.dispatch import Op, triton_serves

# Up to so many queries, a chunk on a CPU, time goes into reading the keys as much as into computing.
MOST_GROUPED = 64
# All layers of a pass need the same one or two masks. Those of up to so many elements are kept for the next layer: with
# few queries, making one takes a fifth of the attention's time, with many nobody would notice.
MOST_REMEMBERED = 1 << 20


def attention_reference(q: Tensor, k: Tensor, v: Tensor, window: int | None = None) -> Tensor:
    """Return the attention output [T, Hq, D].

    q [T, Hq, D]; k, v [S, Hkv, D] with S >= T and Hq a multiple of Hkv; query t stands at position S - T + t and sees
    the positions up to its own, with a window only the last `window` of those (its own included). Scores are scaled
    by D**-0.5; the softmax is in float32.
    """
    num_queries, num_heads, head_dim = q.shape
    num_kv_heads = k.shape[1]
    if window is not None and k.shape[0] > window + num_queries - 1:
        # No query sees further back than this, and a shorter S is the whole point of the window.
        first = k.shape[0] - (window + num_queries - 1)
        k, v = k[first:], v[first:]
    keys, values = k.transpose(0, 1)[None], v.transpose(0, 1)[None]  # [1, Hkv, S, D]
    num_keys = k.shape[0]
    if num_queries > MOST_GROUPED:
        queries = q.transpose(0, 1)[None]  # [1, Hq, T, D]
        seen = _visible(num_queries, num_keys, window, q.device)
        gqa = num_heads != num_kv_heads
        return scaled_dot_product_attention(queries, keys, values, attn_mask=seen, enable_gqa=gqa)[0].transpose(0, 1)
    # The queries of a group share their keys: side by side they read them once, as if they were more positions.
    group = num_heads // num_kv_heads
    grouped = q.view(num_queries, num_kv_heads, group, head_dim).permute(1, 2, 0, 3)  # [Hkv, G, T, D]
    queries = grouped.reshape(1, num_kv_heads, group * num_queries, head_dim)
    mask = None
    if num_queries > 1:
        make = _remembered if group * num_queries * num_keys <= MOST_REMEMBERED else _added_to_group
        mask = make(num_queries, num_keys, window, group, q.dtype, q.device)
    output = scaled_dot_product_attention(queries, keys, values, attn_mask=mask)
    by_head = output.view(num_kv_heads, group, num_queries, head_dim).permute(2, 0, 1, 3)
    return by_head.reshape(num_queries, num_heads, head_dim)


def _visible(num_queries: int, num_keys: int, window: int | None, device: torch.device) -> Tensor:
    """Which key each query sees [T, S], for queries at the last T positions."""
    offset = num_keys - num_queries
    seen = torch.ones(num_queries, num_keys, dtype=torch.bool, device=device).tril_(offset)
    return seen if window is None else seen.triu_(offset - window + 1)


@torch.inference_mode(False)  # what is kept may be used outside, too
def _added_to_group(
    num_queries: int, num_keys: int, window: int | None, group: int, dtype: torch.dtype, device: torch.device
) -> Tensor:
    """What to add to the scores of a group's queries side by side, [G * T, S]: 0 where a key is seen, else -inf."""
    hidden = _visible(num_queries, num_keys, window, device).logical_not_()
    scores = torch.zeros(num_queries, num_keys, dtype=dtype, device=device).masked_fill_(hidden, float("-inf"))
    return scores.repeat(group, 1)


# Enough for a model with two kinds of attention and its MTP layer, one position behind.
_remembered = lru_cache(maxsize=4)(_added_to_group)


class _Attention(Protocol):
    def __call__(self, q: Tensor, k: Tensor, v: Tensor, window: int | None = None) -> Tensor: ...


def _flash() -> _Attention:
    from mellum_ls.kernels._triton import flash

    return flash.attention


attention = Op("attention", attention_reference, _flash, triton_serves)
