"""Causal grouped-query attention over the keys and values of a cache, with an optional sliding window.

Knows positions, not layers: the queries are the last T of the S positions that k and v cover.
"""

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from mellum_ls.kernels.dispatch import Op

# Up to so many queries, what a key press brings, time goes into reading the keys and not into computing.
MOST_GROUPED = 8


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
    mask = None if num_queries == 1 else _visible(num_queries, k.shape[0], window, q.device)
    if num_queries > MOST_GROUPED:
        queries = q.transpose(0, 1)[None]  # [1, Hq, T, D]
        gqa = num_heads != num_kv_heads
        return scaled_dot_product_attention(queries, keys, values, attn_mask=mask, enable_gqa=gqa)[0].transpose(0, 1)
    # The queries of a group share their keys: side by side they read them once, as if they were more positions.
    group = num_heads // num_kv_heads
    grouped = q.view(num_queries, num_kv_heads, group, head_dim).permute(1, 2, 0, 3)  # [Hkv, G, T, D]
    queries = grouped.reshape(1, num_kv_heads, group * num_queries, head_dim)
    output = scaled_dot_product_attention(
        queries, keys, values, attn_mask=None if mask is None else mask.repeat(group, 1)
    )
    by_head = output.view(num_kv_heads, group, num_queries, head_dim).permute(2, 0, 1, 3)
    return by_head.reshape(num_queries, num_heads, head_dim)


def _visible(num_queries: int, num_keys: int, window: int | None, device: torch.device) -> Tensor:
    """Which key each query sees [T, S], for queries at the last T positions."""
    offset = num_keys - num_queries
    seen = torch.ones(num_queries, num_keys, dtype=torch.bool, device=device).tril_(offset)
    return seen if window is None else seen.triu_(offset - window + 1)


attention = Op("attention", attention_reference)
