"""The norm before the experts, and which experts each row of a step goes to, with what shares.

Knows nothing of what an expert computes.
"""

from dataclasses import dataclass

import torch
import triton
import triton.language as tl
from torch import Tensor

from mellum_ls.kernels._triton.arrival import last_to_arrive
from mellum_ls.kernels._triton.launch import Launch, cdiv, next_power
from mellum_ls.kernels._triton.numerics import rounded
from mellum_ls.kernels._triton.projection import row_tile
from mellum_ls.kernels._triton.waiting import wait

EACH = 2  # experts whose scores a program computes
WARPS = 8
_LEAST = tl.constexpr(torch.finfo(torch.float32).min)
_COMPARED = tl.constexpr(32)  # experts that are compared with all others at a time


@dataclass(frozen=True, slots=True)
class Routed:
    """Where a launch of `route` puts what it finds, for T rows, K experts of each, E experts in all.

    normed [T, H], in the dtype of the stream. shares [T, K] float32 and chosen [T, K] int32: the largest share first.
    hit [min(E, T * K)] int32: the experts that any row chose, in ascending order; count [1] int32: how many they are.
    What lies behind them in `hit` is not written. logits [T, E] float32 and counters [T + 1] int32 are for the
    launch alone; the counters must be 0 before the first and are 0 after each.
    """

    normed: Tensor
    shares: Tensor
    chosen: Tensor
    hit: Tensor
    count: Tensor
    logits: Tensor
    counters: Tensor


def room_for_routes(
    rows: int, hidden: int, experts: int, top_k: int, dtype: torch.dtype, device: torch.device
) -> Routed:
    """Buffers for `route`."""
    ids = torch.int32
    return Routed(
        normed=torch.empty(rows, hidden, dtype=dtype, device=device),
        shares=torch.empty(rows, top_k, device=device),
        chosen=torch.empty(rows, top_k, dtype=ids, device=device),
        hit=torch.empty(min(experts, rows * top_k), dtype=ids, device=device),
        count=torch.empty(1, dtype=ids, device=device),
        logits=torch.empty(rows, experts, device=device),
        counters=torch.zeros(rows + 1, dtype=ids, device=device),
    )


@triton.jit(do_not_specialize=["rows_there"])
def _route(
    x_ptr, norm_ptr, weight_ptr, normed_ptr, shares_ptr, chosen_ptr, hit_ptr, count_ptr, logits_ptr, counters_ptr, eps,
    rows_there, ONE: tl.constexpr, H: tl.constexpr, E: tl.constexpr, K: tl.constexpr, NORMALISE: tl.constexpr,
    WIDTH: tl.constexpr, EXPERTS: tl.constexpr, ALL: tl.constexpr, PAIRS: tl.constexpr,
    EARLY: tl.constexpr = False,
):  # fmt: skip
    row = tl.program_id(1)
    columns = tl.arange(0, WIDTH)
    experts = tl.program_id(0) * EXPERTS + tl.arange(0, EXPERTS)
    within = columns < H
    weight = tl.load(
        weight_ptr + experts[:, None] * H + columns[None, :], mask=(experts < E)[:, None] & within[None, :], other=0.0
    ).to(tl.float32)  # [EXPERTS, WIDTH]
    norm = tl.load(norm_ptr + columns, mask=within, other=0.0).to(tl.float32)
    wait(EARLY)
    x = tl.load(x_ptr + row * H + columns, mask=within, other=0.0).to(tl.float32)
    # Rounded where the model was trained to: two experts are often so close that another rounding swaps them.
    unit = rounded(x * tl.rsqrt(tl.sum(x * x, axis=0) / H + eps), normed_ptr).to(tl.float32)
    normed = rounded(unit * norm, normed_ptr)
    if tl.program_id(0) == 0:
        tl.store(normed_ptr + row * H + columns, normed, mask=within)
    logits = tl.sum(weight * normed.to(tl.float32)[None, :], axis=1)
    tl.store(logits_ptr + row * E + experts, logits, mask=experts < E)
    if last_to_arrive(counters_ptr + row, tl.num_programs(0)):
        taken = _choose(logits_ptr + row * E, shares_ptr + row * K, chosen_ptr + row * K, E, K, NORMALISE, ALL)
        if ONE:
            _list_hit(taken, hit_ptr, count_ptr, ALL)
        elif last_to_arrive(counters_ptr + rows_there, rows_there):
            pairs = tl.arange(0, PAIRS)
            chosen = tl.load(chosen_ptr + pairs, mask=pairs < rows_there * K, other=-1, cache_modifier=".cg")
            same = (chosen[:, None] == tl.arange(0, ALL)[None, :]).to(tl.int32)
            _list_hit(tl.max(same, axis=0), hit_ptr, count_ptr, ALL)


@triton.jit
def _choose(
    logits_ptr, shares_ptr, chosen_ptr, E: tl.constexpr, K: tl.constexpr, NORMALISE: tl.constexpr, ALL: tl.constexpr,
):  # fmt: skip
    """Store the K largest of one row and their shares; 1 for each that is taken and 0 for the others, [ALL] int32."""
    experts = tl.arange(0, ALL)
    logits = _scores(logits_ptr, experts, E)
    # An expert's place is the number of those before it: no step waits for another, as it would in a sort.
    place = tl.zeros((ALL,), tl.int32)
    for start in tl.static_range(0, ALL, _COMPARED):
        others = start + tl.arange(0, _COMPARED)
        than = _scores(logits_ptr, others, E)
        equal_before = (than[None, :] == logits[:, None]) & (others[None, :] < experts[:, None])
        before = (than[None, :] > logits[:, None]) | equal_before
        place += tl.sum(before.to(tl.int32), axis=1)
    taken = (place < K) & (experts < E)
    weights = tl.exp(logits - tl.max(logits, axis=0))
    if NORMALISE:
        total = tl.sum(tl.where(taken, weights, 0.0), axis=0)
    else:
        total = tl.sum(weights, axis=0)
    tl.store(shares_ptr + place, weights / total, mask=taken)
    tl.store(chosen_ptr + place, experts, mask=taken)
    return taken.to(tl.int32)


@triton.jit
def _scores(logits_ptr, experts, E: tl.constexpr):
    """What is no number comes last: then there is an order, and K experts whatever the stream holds."""
    logits = tl.load(logits_ptr + experts, mask=experts < E, other=_LEAST, cache_modifier=".cg")
    return tl.where(logits == logits, logits, _LEAST)


@triton.jit
def _list_hit(taken, hit_ptr, count_ptr, ALL: tl.constexpr):
    behind = tl.cumsum(taken, axis=0)
    tl.store(hit_ptr + behind - 1, tl.arange(0, ALL), mask=taken != 0)
    tl.store(count_ptr, tl.sum(taken, axis=0))


def route(
    x: Tensor, norm: Tensor, weight: Tensor, found: Routed, *, eps: float, normalise: bool, each: int = EACH
) -> Launch:
    """found.normed = rms_norm(x) * norm, and of its products with the router's rows the K largest as shares.

    x [T, H]; norm [H]; weight [E, H], best in float32. The shares are a softmax in float32 over all experts, or, with
    `normalise`, over those chosen; of equal logits the lower expert comes first. The norm rounds where the reference
    does (kernels/rms_norm.py), so that both choose the same experts. each: how many experts a program scores.
    """
    (rows, hidden), experts, top_k = x.shape, weight.shape[0], found.chosen.shape[1]
    outputs = [found.normed, found.shares, found.chosen, found.hit, found.count]
    return Launch(
        "route",
        _route,
        (cdiv(experts, each), rows),
        {
            "x_ptr": x, "norm_ptr": norm, "weight_ptr": weight, "normed_ptr": found.normed,
            "shares_ptr": found.shares, "chosen_ptr": found.chosen, "hit_ptr": found.hit, "count_ptr": found.count,
            "logits_ptr": found.logits, "counters_ptr": found.counters, "eps": eps,
            "rows_there": rows,
        },
        {
            "ONE": rows == 1, "H": hidden, "E": experts, "K": top_k, "NORMALISE": normalise,
            "WIDTH": next_power(hidden), "EXPERTS": each, "ALL": max(next_power(experts), _COMPARED.value),
            "PAIRS": next_power(row_tile(rows) * top_k),
        },
        WARPS,
        1,
        reads=x.nbytes + norm.nbytes + weight.nbytes + found.logits.nbytes,
        writes=sum(output.nbytes for output in outputs) + found.logits.nbytes,
    )  # fmt: skip
