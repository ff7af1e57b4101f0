"""Attention of a step's few tokens in one launch: norm and rotation of queries and keys, the cache's new rows, and the
sum over all positions, which many programs share.

Knows where a layer's keys and values lie (an address on the device), not which layer it is.
"""

from dataclasses import dataclass

import torch
import triton
import triton.language as tl
from torch import Tensor

from mellum_ls.kernels._triton.launch import Argument, Launch, cdiv, next_power
from mellum_ls.kernels._triton.numerics import bound, product, rounded
from mellum_ls.kernels._triton.projection import MOST_ROWS
from mellum_ls.kernels._triton.softmax import LOG2_E, NOTHING, absorb, finite
from mellum_ls.kernels._triton.waiting import wait

_NEW = tl.constexpr(MOST_ROWS)
LEAST_ROWS = 16  # what a tensor core takes
_CHUNK_BYTES = 16 * 1024  # of partial results, read at a time; two such are on their way
MOST_SPLITS = 32
_DEFAULT_ROWS = 32  # with more, registers run out


@dataclass(frozen=True, slots=True)
class Tile:
    """How attention is cut: a program has so many tokens, with all query heads of a KV head, and reads so many keys."""

    tokens: int
    keys: int
    warps: int
    stages: int = 3

    def rows(self, group: int) -> int:
        """Rows of a program's tile: each token's queries of a group, filled up to what a tensor core takes."""
        return max(LEAST_ROWS, next_power(self.tokens * group))


@dataclass(frozen=True, slots=True)
class Scratch:
    """What the programs of one launch tell each other. One is enough for all layers, which run one after the other."""

    sums: Tensor
    """[splits, Hq, T, D] float32"""
    most: Tensor
    """[splits, Hq, T] float32"""
    total: Tensor
    """[splits, Hq, T] float32"""
    counters: Tensor
    """[Hkv * token blocks] int32: zeros, and zeros again after each launch"""

    @property
    def splits(self) -> int:
        """Programs that share the positions of one KV head."""
        return self.sums.shape[0]


def new_scratch(
    splits: int, rows: int, heads: int, kv_heads: int, head_dim: int, tile: Tile, device: torch.device
) -> Scratch:
    """Room for a launch of `rows` tokens."""
    sums = torch.empty(splits, heads, rows, head_dim, dtype=torch.float32, device=device)
    most, total = torch.empty(2, splits, heads, rows, dtype=torch.float32, device=device)
    counters = torch.zeros(kv_heads * cdiv(rows, tile.tokens), dtype=torch.int32, device=device)
    return Scratch(sums, most, total, counters)


def default_tile(rows: int, group: int, dtype: torch.dtype) -> Tile:
    """A tile for T = rows. More tokens in a program read the keys less often, and leave more to the last one."""
    tokens = min(next_power(rows), max(1, _DEFAULT_ROWS // next_power(group)))
    if dtype == torch.float32:  # without tensor cores, and twice as long
        return Tile(tokens, 32, 8, 2)
    return Tile(tokens, 64, 8)


def default_splits(positions: int, tile: Tile, group: int) -> int:
    """A power of two of programs for each KV head, for so many visible positions.

    Each reads positions / splits keys and values; the last one then reads `splits` partial results of all rows. Both
    are as long when splits^2 = positions / rows, rows of float32 counting as those of a key and a value do.
    """
    balanced = (positions / (tile.tokens * group)) ** 0.5
    enough = next_power(max(1, round(balanced)))
    return min(enough, MOST_SPLITS, next_power(max(1, positions // tile.keys)))


def attend(
    name: str,
    qkv: Tensor,
    qk_norm: Tensor,
    cos: Tensor,
    sin: Tensor,
    rows: Tensor,
    state: Tensor,
    scratch: Scratch,
    out: Tensor,
    tile: Tile,
    *,
    window: int | None,
    eps: float,
    context: int,
    ahead: int = 0,
) -> Launch:
    """out = attention of T new tokens over a layer's cache and themselves, [T, Hq * D], T at most 16.

    qkv [T, (Hq + 2 Hkv) * D]: queries, keys and values as projected. qk_norm [Hq + Hkv, D]. cos, sin [P, 1, D]: tables
    of runtime/rope_tables.py, with P > n + T - 1 + ahead. All of these and the cache have the dtype of out.
    rows [2] int64: the addresses of the layer's stored keys and values, [capacity, Hkv, D] each, 16 bytes aligned, with
    room for T more. state [2] int32: n, the positions before this step, and the position of the first stored row, which
    counts in layers with a window; the others begin at 0. Both are read on the device when the kernel runs.
    The new tokens stand at n to n + T - 1; their keys and values are stored. Rows behind are neither read nor written.
    ahead: what the rotation's position is before that of the cache's row (1 in an MTP layer).
    context: n, for counting bytes; what is written between the programs is counted once as written and once as read,
    for all splits.
    """
    (tokens, width), head_dim = qkv.shape, qk_norm.shape[-1]
    heads = out.shape[1] // head_dim
    kv_heads = (width // head_dim - heads) // 2
    group, blocks = heads // kv_heads, cdiv(tokens, tile.tokens)
    assert tokens <= MOST_ROWS, f"{tokens} rows are for flash attention, not for a step"
    assert scratch.splits <= MOST_SPLITS, f"{scratch.splits} splits are more than the {MOST_SPLITS} that are combined"
    assert scratch.counters.numel() >= kv_heads * blocks, "the scratch was made for fewer tokens or another tile"
    arguments: dict[str, Argument] = {
        "qkv_ptr": qkv, "norm_ptr": qk_norm, "cos_ptr": cos, "sin_ptr": sin, "rows_ptr": rows, "state_ptr": state,
        "sums_ptr": scratch.sums, "most_ptr": scratch.most, "total_ptr": scratch.total,
        "counters_ptr": scratch.counters, "out_ptr": out, "eps": eps, "T": tokens, "splits": scratch.splits,
    }  # fmt: skip
    combined = next_power(tile.tokens * group)
    constants = {
        "HEADS": heads, "KV_HEADS": kv_heads, "D": head_dim, "WINDOW": window, "AHEAD": ahead, "TOKENS": tile.tokens,
        "ROWS": tile.rows(group), "KEYS": tile.keys, "COMBINED": combined,
        "CHUNK": max(1, _CHUNK_BYTES // (4 * combined * head_dim)), "MOST": MOST_SPLITS,
    }  # fmt: skip
    row = kv_heads * head_dim * qkv.element_size()
    seen = context if window is None else min(context, window - 1)
    between = scratch.splits * heads * tokens * (head_dim + 2) * 4
    turned = 2 * tokens * head_dim * cos.element_size()
    return Launch(
        name,
        _attend,
        (scratch.splits, kv_heads, blocks),
        arguments,
        constants,
        tile.warps,
        tile.stages,
        reads=2 * seen * row + qkv.nbytes + qk_norm.nbytes + turned + rows.nbytes + state.nbytes + between,
        writes=2 * tokens * row + out.nbytes + between,
    )


@triton.jit(do_not_specialize=["T", "splits"])
def _attend(
    qkv_ptr, norm_ptr, cos_ptr, sin_ptr, rows_ptr, state_ptr, sums_ptr, most_ptr, total_ptr, counters_ptr, out_ptr,
    eps, T, splits,
    HEADS: tl.constexpr, KV_HEADS: tl.constexpr, D: tl.constexpr, WINDOW: tl.constexpr, AHEAD: tl.constexpr,
    TOKENS: tl.constexpr, ROWS: tl.constexpr, KEYS: tl.constexpr, COMBINED: tl.constexpr, CHUNK: tl.constexpr,
    MOST: tl.constexpr, EARLY: tl.constexpr = False,
):  # fmt: skip
    split, head, block = tl.program_id(0), tl.program_id(1), tl.program_id(2)
    GROUP: tl.constexpr = HEADS // KV_HEADS
    STRIDE: tl.constexpr = KV_HEADS * D
    length = tl.load(state_ptr)
    # The addresses change when the cache grows: a launch that is replayed finds them here.
    keys_ptr = tl.multiple_of(tl.load(rows_ptr).to(qkv_ptr.dtype), 16) + head * D
    values_ptr = tl.multiple_of(tl.load(rows_ptr + 1).to(qkv_ptr.dtype), 16) + head * D
    start = 0  # the first position that a token here sees
    first_row = tl.zeros((), tl.int64)  # the position of the first stored row
    if WINDOW is not None:
        first = tl.load(state_ptr + 1)
        first_row += first
        start = tl.minimum(length, tl.maximum(first, length + block * TOKENS - WINDOW + 1))
    # Whole tiles of positions, shared evenly; the last program, which often has fewest, takes the new tokens as well.
    tiles = tl.cdiv(length - start, KEYS)
    share = tl.cdiv(tiles, splits)
    begin = start + split * share * KEYS
    end = tl.minimum(length, begin + share * KEYS)
    last = split == splits - 1
    dims = tl.arange(0, D)
    wait(EARLY)
    if (begin < end) | last:
        row = tl.arange(0, ROWS)
        token = block * TOKENS + row // GROUP
        query_head = head * GROUP + row % GROUP
        there = (row < TOKENS * GROUP) & (token < T)
        position = length + token
        q = _rotated(
            qkv_ptr, norm_ptr, cos_ptr, sin_ptr, token, query_head, position + AHEAD, there, eps, HEADS, KV_HEADS, D
        )
        most, total, sums = _over_old(q, keys_ptr, values_ptr, begin, end, first_row, position, WINDOW, STRIDE, KEYS)
        if last:
            keys, values, new = _new(
                qkv_ptr, norm_ptr, cos_ptr, sin_ptr, head, length + AHEAD, T, eps, HEADS, KV_HEADS, D
            )
            if block == 0:
                places = (length - first_row) * STRIDE + new[:, None] * STRIDE + dims[None, :]
                tl.store(keys_ptr + places, rounded(keys, qkv_ptr), mask=(new < T)[:, None])
                tl.store(values_ptr + places, rounded(values, qkv_ptr), mask=(new < T)[:, None])
            seen = (new[None, :] <= token[:, None]) & (new < T)[None, :]
            if WINDOW is not None:
                seen &= new[None, :] > token[:, None] - WINDOW
            scores = tl.where(seen, _scores(q, keys, qkv_ptr), NOTHING)
            most, total, sums = absorb(scores, values, most, total, sums, qkv_ptr)
        part = (split * HEADS + query_head) * T + token
        tl.store(most_ptr + part, most, mask=there)
        tl.store(total_ptr + part, total, mask=there)
        tl.store(sums_ptr + (part * D)[:, None] + dims[None, :], sums, mask=there[:, None])
    # Whoever comes last finds what all the others have stored.
    tl.debug_barrier()
    counter_ptr = counters_ptr + block * KV_HEADS + head
    if tl.atomic_add(counter_ptr, 1, sem="acq_rel") == splits - 1:
        tl.store(counter_ptr, 0)  # for the next launch: nobody else comes in this one
        _combine(
            sums_ptr, most_ptr, total_ptr, out_ptr, head, block, T, splits, share, tiles,
            HEADS, GROUP, D, TOKENS, COMBINED, CHUNK, MOST,
        )  # fmt: skip


@triton.jit
def _over_old(
    q, keys_ptr, values_ptr, begin, end, first_row, position,
    WINDOW: tl.constexpr, STRIDE: tl.constexpr, KEYS: tl.constexpr,
):  # fmt: skip
    """The softmax's state over the stored positions from begin to end, behind which nothing is read.

    q [M, D] of tokens at position [M]; keys and values of the head, a row every STRIDE, from the position first_row on.
    """
    M: tl.constexpr = q.shape[0]
    D: tl.constexpr = q.shape[1]
    most = tl.full((M,), NOTHING, tl.float32)
    total = tl.zeros((M,), tl.float32)
    sums = tl.zeros((M, D), tl.float32)
    places = tl.arange(0, KEYS)[:, None] * STRIDE + tl.arange(0, D)[None, :]
    for at in range(bound(begin), bound(end), KEYS):
        key = at + tl.arange(0, KEYS)
        row = (at - first_row) * STRIDE
        stored = (key < end)[:, None]
        keys = tl.load(keys_ptr + row + places, mask=stored, other=0.0).to(tl.float32)
        values = tl.load(values_ptr + row + places, mask=stored, other=0.0).to(tl.float32)
        seen = (key < end)[None, :]
        if WINDOW is not None:
            seen &= key[None, :] > position[:, None] - WINDOW
        scores = tl.where(seen, _scores(q, keys, keys_ptr), NOTHING)
        most, total, sums = absorb(scores, values, most, total, sums, keys_ptr)
    return most, total, sums


@triton.jit
def _new(
    qkv_ptr, norm_ptr, cos_ptr, sin_ptr, head, position, T, eps,
    HEADS: tl.constexpr, KV_HEADS: tl.constexpr, D: tl.constexpr,
):  # fmt: skip
    """The KV head's keys and values of the new tokens, the first of which is rotated for `position`, and their numbers.

    [_NEW, D] float32, 0 from T on.
    """
    token = tl.arange(0, _NEW)
    there = token < T
    keys = _rotated(
        qkv_ptr, norm_ptr, cos_ptr, sin_ptr, token, HEADS + head, position + token, there, eps, HEADS, KV_HEADS, D
    )
    places = ((token * (HEADS + 2 * KV_HEADS) + HEADS + KV_HEADS + head) * D)[:, None] + tl.arange(0, D)[None, :]
    values = tl.load(qkv_ptr + places, mask=there[:, None], other=0.0).to(tl.float32)
    return keys, values, token


@triton.jit
def _scores(q, keys, like):
    """Exponents of 2: the products of queries [M, D] and keys [N, D], scaled."""
    D: tl.constexpr = q.shape[1]
    zeros = tl.zeros((q.shape[0], keys.shape[0]), tl.float32)
    return product(q, tl.trans(keys), zeros, like) * (LOG2_E * D**-0.5)


@triton.jit
def _rotated(
    qkv_ptr, norm_ptr, cos_ptr, sin_ptr, token, head, position, there, eps,
    HEADS: tl.constexpr, KV_HEADS: tl.constexpr, D: tl.constexpr,
):  # fmt: skip
    """The head's part of each token, normalised and turned by its position's angles: [M, D] float32, 0 where none is.

    token, position, there [M]; head [M] or a number.
    """
    mask = there[:, None]
    dims = tl.arange(0, D)[None, :]
    opposite = (dims + D // 2) % D
    x_ptr = qkv_ptr + ((token * (HEADS + 2 * KV_HEADS) + head) * D)[:, None]
    weight_ptr = norm_ptr + (token * 0 + head * D)[:, None]
    angle = (position * D)[:, None] + dims
    x = tl.load(x_ptr + dims, mask=mask, other=0.0).to(tl.float32)
    factor = tl.rsqrt(tl.sum(x * x, axis=1) / D + eps)[:, None]
    x *= factor * tl.load(weight_ptr + dims, mask=mask, other=0.0).to(tl.float32)
    other = tl.load(x_ptr + opposite, mask=mask, other=0.0).to(tl.float32)
    other *= factor * tl.load(weight_ptr + opposite, mask=mask, other=0.0).to(tl.float32)
    cos = tl.load(cos_ptr + angle, mask=mask, other=0.0).to(tl.float32)
    sin = tl.load(sin_ptr + angle, mask=mask, other=0.0).to(tl.float32)
    return x * cos + other * sin


@triton.jit
def _combine(
    sums_ptr, most_ptr, total_ptr, out_ptr, head, block, T, splits, share, tiles,
    HEADS: tl.constexpr, GROUP: tl.constexpr, D: tl.constexpr, TOKENS: tl.constexpr, COMBINED: tl.constexpr,
    CHUNK: tl.constexpr, MOST: tl.constexpr,
):  # fmt: skip
    """Store the attention of a block's tokens from what the splits that had positions have stored, CHUNK at a time."""
    row, dims = tl.arange(0, COMBINED), tl.arange(0, D)
    token = block * TOKENS + row // GROUP
    query_head = head * GROUP + row % GROUP
    there = (row < TOKENS * GROUP) & (token < T)
    # First what each split weighs, of all at once; the sums, many more bytes, then wait for nothing but themselves.
    most, used = _maxima(most_ptr, token, query_head, there, T, splits, share, tiles, tl.arange(0, MOST), HEADS)
    base = finite(tl.max(most, axis=0))  # [COMBINED]
    part = (tl.arange(0, MOST)[:, None] * HEADS + query_head[None, :]) * T + token[None, :]
    total = tl.load(total_ptr + part, mask=used, other=0.0, cache_modifier=".cg")
    whole = tl.sum(total * tl.exp2(most - base[None, :]), axis=0)
    result = tl.zeros((COMBINED, D), tl.float32)
    for at in tl.range(0, bound(splits), CHUNK, num_stages=3):
        some = at + tl.arange(0, CHUNK)
        most_here, here = _maxima(most_ptr, token, query_head, there, T, splits, share, tiles, some, HEADS)
        places = (some[:, None] * HEADS + query_head[None, :]) * T + token[None, :]  # [CHUNK, COMBINED]
        sums = tl.load(sums_ptr + (places * D)[:, :, None] + dims[None, None, :], mask=here[:, :, None], other=0.0)
        result += tl.sum(sums * tl.exp2(most_here - base[None, :])[:, :, None], axis=0)
    result /= tl.where(there, whole, 1.0)[:, None]
    outs = ((token * HEADS + query_head) * D)[:, None] + dims[None, :]
    tl.store(out_ptr + outs, rounded(result, out_ptr), mask=there[:, None])


@triton.jit
def _maxima(most_ptr, token, query_head, there, T, splits, share, tiles, split, HEADS: tl.constexpr):
    """The largest score that each of these splits has seen of each row, and who has stored one: [splits, M] each."""
    stored = ((split * share < tiles) & (split < splits)) | (split == splits - 1)
    used = stored[:, None] & there[None, :]
    part = (split[:, None] * HEADS + query_head[None, :]) * T + token[None, :]
    return tl.load(most_ptr + part, mask=used, other=NOTHING, cache_modifier=".cg"), used
