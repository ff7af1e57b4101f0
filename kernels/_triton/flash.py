"""Attention of many tokens at once, as a prompt is read: tiles of queries with tiles of keys, on tensor cores.

Same contract as the reference in kernels/attention.py. Knows positions, not layers; keys and values are read in place.
"""

from dataclasses import dataclass

import torch
import triton
import triton.language as tl
from torch import Tensor

from mellum_ls.kernels._triton.launch import Argument, Launch, cdiv, next_power
from mellum_ls.kernels._triton.numerics import bound, product, rounded
from mellum_ls.kernels._triton.softmax import LOG2_E, NOTHING, absorb
from mellum_ls.kernels.attention import attention_reference

LEAST_HEAD_DIM = 16  # what a tensor core takes
_FEW_QUERIES = 64 * 128  # of all heads: with large tiles, half as many programs as a large device has multiprocessors


@dataclass(frozen=True, slots=True)
class Tile:
    """A program has about `rows` queries, those of a group's heads at neighbouring positions, and `keys` at a time."""

    rows: int
    keys: int
    warps: int
    stages: int = 3


def default_tile(tokens: int, heads: int, head_dim: int, dtype: torch.dtype, capability: int = 80) -> Tile:
    """Large tiles read the keys least often; few tokens are cut smaller, so that they become enough programs.

    capability: that of the device, 80 for 8.0. Those of servers from 9.0 on multiply from shared memory, which leaves
    registers for more keys.
    """
    if dtype == torch.float32:  # without tensor cores, and twice as long
        return Tile(32, 32, 8, 2)
    few = head_dim > 128 or tokens * heads <= _FEW_QUERIES
    keys = 64 if 90 <= capability < 120 and head_dim <= 128 else 32
    return Tile(64, keys, 4, 2) if few else Tile(128, keys, 8, 2 if keys == 64 else 3)


def attention(q: Tensor, k: Tensor, v: Tensor, window: int | None = None) -> Tensor:
    """Return the attention output [T, Hq, D]; kernels/attention.py says what it is."""
    (tokens, heads, head_dim), dtype = q.shape, q.dtype
    if head_dim < LEAST_HEAD_DIM or head_dim != next_power(head_dim):
        return attention_reference(q, k, v, window)  # a shape that no released model has
    if q.stride(-1) != 1:
        q = q.contiguous()
    if k.stride(-1) != 1 or k.stride() != v.stride():
        k, v = k.contiguous(), v.contiguous()
    out = torch.empty(q.shape, dtype=dtype, device=q.device)
    tile = default_tile(tokens, heads, head_dim, dtype, _capability(q.device))
    flash("attention", q, k, v, out, tile, window=window).run()
    return out


def _capability(device: torch.device) -> int:
    """10 major + minor; of the least device, where the interpreter runs on none."""
    if device.type != "cuda":
        return 80
    major, minor = torch.cuda.get_device_capability(device)
    return 10 * major + minor


def flash(name: str, q: Tensor, k: Tensor, v: Tensor, out: Tensor, tile: Tile, *, window: int | None = None) -> Launch:
    """out = attention of queries at the last T of S positions, causal, with a window only over so many positions.

    q [T, Hq, D]; k, v [S, Hkv, D], S >= T, Hq a multiple of Hkv, D a power of two from 16 on; out [T, Hq, D],
    contiguous. Heads and positions may lie anywhere, those of k as those of v, dimensions side by side; all have one
    dtype.
    """
    assert k.stride() == v.stride(), "keys and values must lie alike"
    (tokens, heads, head_dim), (positions, kv_heads, _) = q.shape, k.shape
    group = heads // kv_heads
    rows = max(tile.rows, next_power(group))
    arguments: dict[str, Argument] = {
        "q_ptr": q, "k_ptr": k, "v_ptr": v, "out_ptr": out, "T": tokens, "S": positions,
        "q_token": q.stride(0), "q_head": q.stride(1), "kv_token": k.stride(0), "kv_head": k.stride(1),
    }  # fmt: skip
    constants = {
        "HEADS": heads, "GROUP": group, "D": head_dim, "WINDOW": window, "TOKENS": rows // group, "ROWS": rows,
        "KEYS": tile.keys,
    }  # fmt: skip
    seen = positions if window is None else min(positions, window + tokens - 1)
    return Launch(
        name,
        _flash,
        (cdiv(tokens, rows // group), kv_heads),
        arguments,
        constants,
        tile.warps,
        tile.stages,
        reads=q.nbytes + 2 * seen * kv_heads * head_dim * k.element_size(),
        writes=out.nbytes,
    )


@triton.jit(do_not_specialize=["T", "S"])
def _flash(
    q_ptr, k_ptr, v_ptr, out_ptr, T, S, q_token, q_head, kv_token, kv_head,
    HEADS: tl.constexpr, GROUP: tl.constexpr, D: tl.constexpr, WINDOW: tl.constexpr, TOKENS: tl.constexpr,
    ROWS: tl.constexpr, KEYS: tl.constexpr,
):  # fmt: skip
    # The last tokens see most: they begin first, so that none is left over at the end.
    block = tl.num_programs(0) - 1 - tl.program_id(0)
    head = tl.program_id(1).to(tl.int64)
    row, dims = tl.arange(0, ROWS), tl.arange(0, D)
    token = block * TOKENS + row // GROUP
    query_head = head * GROUP + row % GROUP
    there = ((row < TOKENS * GROUP) & (token < T))[:, None]
    q_places = (token.to(tl.int64) * q_token + query_head * q_head)[:, None] + dims[None, :]
    q = tl.load(q_ptr + q_places, mask=there, other=0.0).to(tl.float32)
    k_ptr += head * kv_head
    v_ptr += head * kv_head
    offset = S - T
    lowest = offset + block * TOKENS  # the first token's position, and of the last one the place behind
    end = tl.minimum(lowest + TOKENS, S)
    start = lowest * 0
    if WINDOW is not None:
        start = tl.maximum(lowest - WINDOW + 1, 0)
    most = tl.full((ROWS,), NOTHING, tl.float32)
    total = tl.zeros((ROWS,), tl.float32)
    sums = tl.zeros((ROWS, D), tl.float32)
    # Between the two edges every token sees every key.
    whole = start
    if WINDOW is not None:
        whole = tl.minimum(start + tl.cdiv(tl.maximum(end - WINDOW, 0) - start, KEYS) * KEYS, end)
        most, total, sums = _tiles(
            q, k_ptr, v_ptr, kv_token, start, whole, end, offset + token, most, total, sums, True, WINDOW, KEYS
        )
    edge = whole + tl.maximum(lowest + 1 - whole, 0) // KEYS * KEYS
    most, total, sums = _tiles(
        q, k_ptr, v_ptr, kv_token, whole, edge, end, offset + token, most, total, sums, False, WINDOW, KEYS
    )
    most, total, sums = _tiles(
        q, k_ptr, v_ptr, kv_token, edge, end, end, offset + token, most, total, sums, True, WINDOW, KEYS
    )
    result = sums / tl.where(total == 0, 1.0, total)[:, None]  # rows that are not there
    places = ((token.to(tl.int64) * HEADS + query_head) * D)[:, None] + dims[None, :]
    tl.store(out_ptr + places, rounded(result, out_ptr), mask=there)


@triton.jit
def _tiles(
    q, k_ptr, v_ptr, kv_token, start, stop, end, position, most, total, sums,
    EDGE: tl.constexpr, WINDOW: tl.constexpr, KEYS: tl.constexpr,
):  # fmt: skip
    """Take in the tiles of keys that begin from start up to stop; at an edge not each token sees each key.

    end: behind the last key that any token here sees, behind which nothing is read. position [M]: of the tokens.
    """
    D: tl.constexpr = q.shape[1]
    rows, dims = tl.arange(0, KEYS), tl.arange(0, D)
    places = (rows * kv_token)[:, None] + dims[None, :]
    for at in range(bound(start), bound(stop), KEYS):
        key = at + rows
        first = kv_token.to(tl.int64) * at
        if EDGE:
            read = (key < end)[:, None]
            keys = tl.load(k_ptr + first + places, mask=read, other=0.0).to(tl.float32)
            values = tl.load(v_ptr + first + places, mask=read, other=0.0).to(tl.float32)
        else:
            keys = tl.load(k_ptr + first + places).to(tl.float32)
            values = tl.load(v_ptr + first + places).to(tl.float32)
        zeros = tl.zeros((q.shape[0], KEYS), tl.float32)
        scores = product(q, tl.trans(keys), zeros, k_ptr) * (LOG2_E * D**-0.5)
        if EDGE:
            seen = key[None, :] <= position[:, None]
            if WINDOW is not None:
                seen &= key[None, :] > position[:, None] - WINDOW
            scores = tl.where(seen, scores, NOTHING)
        most, total, sums = absorb(scores, values, most, total, sums, k_ptr)
    return most, total, sums
