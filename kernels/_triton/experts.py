"""The chosen experts of a step's few rows: what each makes of a row, and their sum with the shares.

Does not choose them (route.py). Serves a dense layer's MLP, too, as one expert that every row goes to.
"""

import torch
import triton
import triton.language as tl
from torch import Tensor

from mellum_ls.kernels._triton.arrival import last_to_arrive
from mellum_ls.kernels._triton.launch import Argument, Launch, cdiv, next_power
from mellum_ls.kernels._triton.numerics import rounded
from mellum_ls.kernels._triton.projection import (
    Tile,
    pair_products,
    row_products,
    row_tile,
    weight_constants,
)
from mellum_ls.kernels._triton.waiting import wait
from mellum_ls.kernels.packing import Packed

PARTS = 8  # of the experts, of several rows: each part has programs of its own


@triton.jit
def _going_to(expert, chosen_ptr, rows_there, TILE_ROWS: tl.constexpr, K: tl.constexpr, SLOTS: tl.constexpr):
    """Which rows chose this expert, [TILE_ROWS], and in which of their slots."""
    rows, slots = tl.arange(0, TILE_ROWS), tl.arange(0, SLOTS)
    there = (rows < rows_there)[:, None] & (slots < K)[None, :]
    chosen = tl.load(chosen_ptr + rows[:, None] * K + slots[None, :], mask=there, other=-1)
    same = (chosen == expert).to(tl.int32)
    return tl.max(same, axis=1) > 0, tl.sum(same * slots[None, :], axis=1)


@triton.jit(do_not_specialize=["rows_there"])
def _gate_up(
    x_ptr, norm_ptr, chosen_ptr, hit_ptr, count_ptr, weight_ptr, scale_ptr, inner_ptr, eps, rows_there,
    TILE_ROWS: tl.constexpr, CHOSEN: tl.constexpr, SLOTS: tl.constexpr, INNER: tl.constexpr,
    OUTPUTS: tl.constexpr, WIDTH: tl.constexpr, FORMAT: tl.constexpr, GROUP: tl.constexpr, K: tl.constexpr,
    STORED: tl.constexpr, EARLY: tl.constexpr = False,
):  # fmt: skip
    # Which experts' weights are read is what the launch before this one finds out.
    BEFORE_X: tl.constexpr = EARLY and chosen_ptr is None
    wait(EARLY and not BEFORE_X)
    rows = tl.arange(0, TILE_ROWS)
    if chosen_ptr is None:
        expert = 0
        going, slots = rows < rows_there, rows * 0
    elif TILE_ROWS == 1:
        expert = tl.load(chosen_ptr + tl.program_id(0))
        going, slots = rows < rows_there, rows * 0 + tl.program_id(0)
    else:
        if tl.program_id(0) >= tl.load(count_ptr):
            return
        expert = tl.load(hit_ptr + tl.program_id(0))
        going, slots = _going_to(expert, chosen_ptr, rows_there, TILE_ROWS, CHOSEN, SLOTS)
    # A gate's row and its row of `up` are neighbours here, so that one pass over x serves both.
    pairs = tl.arange(0, 2 * OUTPUTS)
    columns = tl.program_id(1) * OUTPUTS + pairs // 2
    outputs = (2 * expert + pairs % 2) * INNER + columns
    sums = row_products(
        x_ptr, rows * K, going, norm_ptr, eps, weight_ptr, scale_ptr, outputs, columns < INNER,
        FORMAT, GROUP, K, STORED, WIDTH, BEFORE_X,
    )  # fmt: skip
    gate, up = tl.split(tl.reshape(sums, (TILE_ROWS, OUTPUTS, 2)))
    columns = tl.program_id(1) * OUTPUTS + tl.arange(0, OUTPUTS)
    places = (rows * CHOSEN + slots)[:, None] * INNER + columns[None, :]
    mask = going[:, None] & (columns < INNER)[None, :]
    tl.store(inner_ptr + places, rounded(gate / (1 + tl.exp(-gate)) * up, inner_ptr), mask=mask)


@triton.jit
def _down_one(
    inner_ptr, shares_ptr, chosen_ptr, weight_ptr, scale_ptr, stream_ptr, H,
    CHOSEN: tl.constexpr, SLOTS: tl.constexpr, OUTPUTS: tl.constexpr, WIDTH: tl.constexpr, FORMAT: tl.constexpr,
    GROUP: tl.constexpr, K: tl.constexpr, STORED: tl.constexpr, EARLY: tl.constexpr = False,
):  # fmt: skip
    """One row: all of its experts at once, as rows of one tile."""
    # The choice is two launches old, so that it may be read early, and with it the first weights.
    places = tl.arange(0, SLOTS * OUTPUTS)
    slots, columns = places % SLOTS, tl.program_id(0) * OUTPUTS + places // SLOTS
    there = (slots < CHOSEN) & (columns < H)
    expert = tl.load(chosen_ptr + slots, mask=there, other=0)
    share = tl.load(shares_ptr + slots, mask=there, other=0.0)
    own = tl.program_id(0) * OUTPUTS + tl.arange(0, OUTPUTS)
    stream = tl.load(stream_ptr + own, mask=own < H, other=0.0).to(tl.float32)
    sums = pair_products(
        inner_ptr, slots * K, there, None, 0.0, weight_ptr, scale_ptr, expert * H + columns, there,
        FORMAT, GROUP, K, STORED, WIDTH, EARLY,
    )  # fmt: skip
    total = tl.sum(tl.reshape(sums * share, (OUTPUTS, SLOTS)), axis=1)
    tl.store(stream_ptr + own, rounded(stream + total, stream_ptr), mask=own < H)


@triton.jit(do_not_specialize=["rows_there"])
def _down(
    inner_ptr, shares_ptr, chosen_ptr, hit_ptr, count_ptr, weight_ptr, scale_ptr, stream_ptr, sums_ptr, counters_ptr, H,
    rows_there,
    TILE_ROWS: tl.constexpr, CHOSEN: tl.constexpr, SLOTS: tl.constexpr, PARTS: tl.constexpr,
    OUTPUTS: tl.constexpr, WIDTH: tl.constexpr, FORMAT: tl.constexpr, GROUP: tl.constexpr, K: tl.constexpr,
    STORED: tl.constexpr, EARLY: tl.constexpr = False,
):  # fmt: skip
    """Several rows: a part of the experts for each program; the last of a block of outputs adds the parts up."""
    rows = tl.arange(0, TILE_ROWS)
    columns = tl.program_id(0) * OUTPUTS + tl.arange(0, OUTPUTS)
    total = tl.zeros((TILE_ROWS, OUTPUTS), tl.float32)
    wait(EARLY)
    index, count = tl.program_id(1), tl.load(count_ptr)
    while index < count:
        expert = tl.load(hit_ptr + index)
        going, slots = _going_to(expert, chosen_ptr, rows_there, TILE_ROWS, CHOSEN, SLOTS)
        pairs = rows * CHOSEN + slots
        share = tl.load(shares_ptr + pairs, mask=going, other=0.0)
        sums = row_products(
            inner_ptr, pairs * K, going, None, 0.0, weight_ptr, scale_ptr, expert * H + columns, columns < H,
            FORMAT, GROUP, K, STORED, WIDTH,
        )  # fmt: skip
        total += sums * share[:, None]
        index += PARTS
    places = rows[:, None] * H + columns[None, :]
    mask = (rows < rows_there)[:, None] & (columns < H)[None, :]
    tl.store(sums_ptr + tl.program_id(1) * rows_there * H + places, total, mask=mask)
    if last_to_arrive(counters_ptr + tl.program_id(0), PARTS):
        total = tl.load(stream_ptr + places, mask=mask, other=0.0).to(tl.float32)
        for part in tl.static_range(PARTS):
            total += tl.load(sums_ptr + rows_there * (part * H) + places, mask=mask, other=0.0, cache_modifier=".cg")
        tl.store(stream_ptr + places, rounded(total, stream_ptr), mask=mask)


def gate_up(
    x: Tensor,
    weight: Packed,
    inner: Tensor,
    tile: Tile,
    *,
    chosen: Tensor | None = None,
    hit: Tensor | None = None,
    count: Tensor | None = None,
    norm: Tensor | None = None,
    eps: float = 0.0,
    hit_experts: int = 1,
) -> Launch:
    """inner[t, k] = silu(x[t] @ gate.T) * (x[t] @ up.T), of the expert that row t chose k-th.

    x [T, H], T at most 16; weight [E, 2I, H], the gate's rows first; inner [T, K, I]; chosen, hit, count: Routed. The
    tile's outputs are columns of inner: twice as many rows of the weight.

    A dense layer has no `chosen`; its weight is [2I, H], and its inner [T, 1, I]. With a norm [H] x is rms_norm(x) *
    norm, as in project.py. hit_experts: for the bytes that are read, how many experts the rows hit.
    """
    (rows, _), (_, slots, columns) = x.shape, inner.shape
    blocks = 1 if chosen is None else min(weight.data.shape[0], rows * slots)
    read = [x, norm, chosen]
    return Launch(
        "gate_up",
        _gate_up,
        (blocks, cdiv(columns, tile.outputs)),
        {
            "x_ptr": x, "norm_ptr": norm, "chosen_ptr": chosen, "hit_ptr": hit, "count_ptr": count,
            "weight_ptr": weight.data, "scale_ptr": weight.scale, "inner_ptr": inner, "eps": eps,
            "rows_there": rows,
        },
        {
            "TILE_ROWS": row_tile(rows), "CHOSEN": slots, "SLOTS": next_power(slots), "INNER": columns,
            **weight_constants(weight, tile),
        },
        tile.warps,
        tile.stages,
        reads=_of_experts(weight, hit_experts) + sum(tensor.nbytes for tensor in read if tensor is not None),
        writes=inner.nbytes,
    )  # fmt: skip


def room_for_sums(rows: int, hidden: int, tile: Tile, device: torch.device) -> tuple[Tensor, Tensor]:
    """(sums [PARTS, T, H] float32, counters int32) for `down` of several rows; the counters are 0 between launches."""
    sums = torch.empty(PARTS, rows, hidden, device=device)
    return sums, torch.zeros(cdiv(hidden, tile.outputs), dtype=torch.int32, device=device)


def down(
    inner: Tensor,
    shares: Tensor,
    chosen: Tensor,
    hit: Tensor,
    count: Tensor,
    weight: Packed,
    stream: Tensor,
    tile: Tile,
    *,
    room: tuple[Tensor, Tensor] | None = None,
    hit_experts: int = 1,
) -> Launch:
    """stream[t] += sum over k of shares[t, k] * (inner[t, k] @ weight[chosen[t, k]].T), rounded once.

    inner [T, K, I], T at most 16; weight [E, H, I]; stream [T, H]; shares, chosen, hit, count: Routed; room:
    `room_for_sums` with the same tile, which one row does not need. One row's program has K times `outputs` rows of
    the weight. hit_experts: for the bytes that are read, how many experts the rows hit. Raises ValueError without room
    for several rows.
    """
    rows, slots, _ = inner.shape
    hidden = weight.rows
    reads = _of_experts(weight, hit_experts) + sum(tensor.nbytes for tensor in (inner, shares, chosen, stream))
    writes = stream.nbytes
    arguments: dict[str, Argument] = {
        "inner_ptr": inner, "shares_ptr": shares, "chosen_ptr": chosen, "weight_ptr": weight.data,
        "scale_ptr": weight.scale, "stream_ptr": stream, "H": hidden,
    }  # fmt: skip
    constants = {"CHOSEN": slots, "SLOTS": next_power(slots), **weight_constants(weight, tile)}
    blocks = cdiv(hidden, tile.outputs)
    if rows == 1:
        return Launch(
            "down", _down_one, (blocks,), arguments, constants, tile.warps, tile.stages, reads=reads, writes=writes
        )
    if room is None:
        raise ValueError("down of several rows needs room for its sums: room_for_sums")
    sums, counters = room
    arguments |= {"hit_ptr": hit, "count_ptr": count, "sums_ptr": sums, "counters_ptr": counters}
    arguments["rows_there"] = rows
    constants |= {"TILE_ROWS": row_tile(rows), "PARTS": PARTS}
    return Launch(
        "down", _down, (blocks, PARTS), arguments, constants, tile.warps, tile.stages,
        reads=reads + sums.nbytes, writes=writes + sums.nbytes,
    )  # fmt: skip


def _of_experts(weight: Packed, hit: int) -> int:
    """Bytes of so many experts of a stack, or of the one matrix."""
    return weight.nbytes if weight.data.dim() == 2 else weight.nbytes // weight.data.shape[0] * hit
