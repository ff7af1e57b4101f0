"""The chosen experts of many rows: prefill. Pairs of a row and its expert are sorted by expert and multiplied in tiles.

How many pairs an expert has is known to the device alone, and nothing waits for the host to learn it: a fixed number of
programs go over a list of tiles whose length they read.
"""

import torch
import triton
import triton.language as tl
from torch import Tensor

from mellum_ls.kernels._triton.launch import Argument, Launch, cdiv, next_power
from mellum_ls.kernels._triton.matmul import Block
from mellum_ls.kernels._triton.numerics import rounded
from mellum_ls.kernels._triton.projection import Tile, weight_constants
from mellum_ls.kernels._triton.weight_tile import add_products
from mellum_ls.kernels.packing import BLOCK, Packed

PROGRAMS_PER_PROCESSOR = 2
_CHUNK = 256  # columns of a row that are added up by one program


@triton.jit
def _tile_of(ends_ptr, tile, column_blocks, ROWS: tl.constexpr, EXPERTS: tl.constexpr, SLOTS: tl.constexpr):
    """(expert, its first pair, the pair behind its last, row block, column block) of a tile, and how many tiles are.

    An expert's row blocks are next to each other, with the same columns: they find the weights in the L2 cache.
    """
    slots = tl.arange(0, SLOTS)
    ends = tl.load(ends_ptr + slots, mask=slots < EXPERTS, other=0)
    begins = tl.load(ends_ptr + slots - 1, mask=(slots > 0) & (slots < EXPERTS), other=0)
    # Of the slots behind the last expert, both are 0.
    blocks = tl.cdiv(ends - begins, ROWS)
    tile_ends = tl.cumsum(blocks, 0) * column_blocks
    total = tl.sum(blocks) * column_blocks
    expert = tl.sum((tile_ends <= tile).to(tl.int32))
    here = slots == expert
    begin, end = tl.sum(tl.where(here, begins, 0)), tl.sum(tl.where(here, ends, 0))
    count = tl.maximum(tl.sum(tl.where(here, blocks, 0)), 1)
    within = tile - tl.sum(tl.where(here, tile_ends, 0)) + count * column_blocks
    return expert, begin, end, within % count, within // count, total


@triton.jit
def _gate_up(
    x_ptr, order_ptr, ends_ptr, weight_ptr, scale_ptr, inner_ptr, programs, INNER, TOP,
    ROWS: tl.constexpr, OUTPUTS: tl.constexpr, WIDTH: tl.constexpr, EXPERTS: tl.constexpr, SLOTS: tl.constexpr,
    FORMAT: tl.constexpr, GROUP: tl.constexpr, K: tl.constexpr, STORED: tl.constexpr,
):  # fmt: skip
    column_blocks = tl.cdiv(INNER, OUTPUTS)
    tile = tl.program_id(0)
    _, _, _, _, _, total = _tile_of(ends_ptr, tile, column_blocks, ROWS, EXPERTS, SLOTS)
    while tile < total:
        expert, begin, end, row_block, column_block, _ = _tile_of(
            ends_ptr, tile, column_blocks, ROWS, EXPERTS, SLOTS
        )  # fmt: skip
        pairs = begin + row_block * ROWS + tl.arange(0, ROWS)
        pairs_mask = pairs < end
        rows = (tl.load(order_ptr + pairs, mask=pairs_mask, other=0) // TOP).to(tl.int64) * K
        columns = column_block * OUTPUTS + tl.arange(0, OUTPUTS)
        columns_mask = columns < INNER
        gates = expert.to(tl.int64) * (2 * INNER) + columns
        ups = gates + INNER
        gate = tl.zeros((OUTPUTS, ROWS), tl.float32)
        up = tl.zeros((OUTPUTS, ROWS), tl.float32)
        for start in range(0, K, WIDTH):
            gate = add_products(
                gate, x_ptr, rows, pairs_mask, weight_ptr, scale_ptr, gates, columns_mask, start,
                FORMAT, GROUP, K, STORED, WIDTH,
            )  # fmt: skip
            up = add_products(
                up, x_ptr, rows, pairs_mask, weight_ptr, scale_ptr, ups, columns_mask, start,
                FORMAT, GROUP, K, STORED, WIDTH,
            )  # fmt: skip
        if FORMAT == "int8":
            gate *= tl.load(scale_ptr + gates, mask=columns_mask, other=0.0)[:, None]
            up *= tl.load(scale_ptr + ups, mask=columns_mask, other=0.0)[:, None]
        inner = tl.trans(gate / (1.0 + tl.exp(-gate)) * up)
        places = inner_ptr + pairs.to(tl.int64)[:, None] * INNER + columns[None, :]
        tl.store(places, rounded(inner, inner_ptr), mask=pairs_mask[:, None] & columns_mask[None, :])
        tile += programs


@triton.jit
def _down(
    inner_ptr, order_ptr, ends_ptr, weight_ptr, scale_ptr, out_ptr, programs, N,
    ROWS: tl.constexpr, OUTPUTS: tl.constexpr, WIDTH: tl.constexpr, EXPERTS: tl.constexpr, SLOTS: tl.constexpr,
    FORMAT: tl.constexpr, GROUP: tl.constexpr, K: tl.constexpr, STORED: tl.constexpr,
):  # fmt: skip
    column_blocks = tl.cdiv(N, OUTPUTS)
    tile = tl.program_id(0)
    _, _, _, _, _, total = _tile_of(ends_ptr, tile, column_blocks, ROWS, EXPERTS, SLOTS)
    while tile < total:
        expert, begin, end, row_block, column_block, _ = _tile_of(
            ends_ptr, tile, column_blocks, ROWS, EXPERTS, SLOTS
        )  # fmt: skip
        pairs = begin + row_block * ROWS + tl.arange(0, ROWS)
        pairs_mask = pairs < end
        columns = column_block * OUTPUTS + tl.arange(0, OUTPUTS)
        columns_mask = columns < N
        outputs = expert.to(tl.int64) * N + columns
        sums = tl.zeros((OUTPUTS, ROWS), tl.float32)
        for start in range(0, K, WIDTH):
            sums = add_products(
                sums, inner_ptr, pairs.to(tl.int64) * K, pairs_mask, weight_ptr, scale_ptr, outputs, columns_mask,
                start, FORMAT, GROUP, K, STORED, WIDTH,
            )  # fmt: skip
        if FORMAT == "int8":
            sums *= tl.load(scale_ptr + outputs, mask=columns_mask, other=0.0)[:, None]
        # Back to the order of the rows: the pairs of one are next to each other again.
        owners = tl.load(order_ptr + pairs, mask=pairs_mask, other=0).to(tl.int64)
        places = out_ptr + owners[:, None] * N + columns[None, :]
        tl.store(places, rounded(tl.trans(sums), out_ptr), mask=pairs_mask[:, None] & columns_mask[None, :])
        tile += programs


@triton.jit
def _combine(parts_ptr, shares_ptr, out_ptr, H, TOP: tl.constexpr, CHUNK: tl.constexpr):
    row = tl.program_id(0).to(tl.int64)
    columns = tl.program_id(1) * CHUNK + tl.arange(0, CHUNK)
    mask = columns < H
    total = tl.zeros((CHUNK,), tl.float32)
    for slot in tl.static_range(TOP):
        share = tl.load(shares_ptr + row * TOP + slot).to(tl.float32)
        total += share * tl.load(parts_ptr + (row * TOP + slot) * H + columns, mask=mask, other=0.0).to(tl.float32)
    tl.store(out_ptr + row * H + columns, rounded(total, out_ptr), mask=mask)


def default_block(pairs: int, weight: Packed, dtype: torch.dtype, *, accumulators: int) -> Block:
    """A cut for the mean number of pairs of an expert, of a kernel with so many accumulators."""
    width = BLOCK if weight.format == "int4" else 64
    if dtype == torch.float32:
        return Block(16, 32, width, warps=4, stages=2)
    mean = cdiv(pairs, weight.data.shape[0])
    rows = min(64, max(16, next_power(mean)))
    return Block(rows, 128 // accumulators, width, warps=4, stages=3)


def gate_up(
    x: Tensor, order: Tensor, ends: Tensor, weight: Packed, inner: Tensor, block: Block,
    *, programs: int, hit_experts: int | None = None,
) -> Launch:  # fmt: skip
    """inner[p] = silu(gate) * up of the p-th pair in the order of experts, [P, I].

    x [T, H]; order int32 [P]: where the sorted pairs come from, row by row; ends int32 [E]: behind the last pair of
    each expert; weight [E, 2I, H], the gate's rows first. programs: how many share the work. hit_experts: whose weights
    are counted as read, all by default.
    """
    top = inner.shape[0] // max(1, x.shape[0])
    arguments: dict[str, Argument] = {
        "x_ptr": x, "order_ptr": order, "ends_ptr": ends, "weight_ptr": weight.data, "scale_ptr": weight.scale,
        "inner_ptr": inner, "programs": programs, "INNER": inner.shape[1], "TOP": top,
    }  # fmt: skip
    return _grouped("gate_up", _gate_up, arguments, x, order, ends, weight, inner, block, programs, hit_experts)


def down(
    inner: Tensor, order: Tensor, ends: Tensor, weight: Packed, out: Tensor, block: Block,
    *, programs: int, hit_experts: int | None = None,
) -> Launch:  # fmt: skip
    """out[order[p]] = inner[p] @ weight[expert of p].T, [P, H], for inner [P, I] and weight [E, H, I]; see gate_up."""
    arguments: dict[str, Argument] = {
        "inner_ptr": inner, "order_ptr": order, "ends_ptr": ends, "weight_ptr": weight.data, "scale_ptr": weight.scale,
        "out_ptr": out, "programs": programs, "N": weight.rows,
    }  # fmt: skip
    return _grouped("down", _down, arguments, inner, order, ends, weight, out, block, programs, hit_experts)


def _grouped(
    name: str, kernel: object, arguments: dict[str, Argument], x: Tensor, order: Tensor, ends: Tensor, weight: Packed,
    out: Tensor, block: Block, programs: int, hit_experts: int | None,
) -> Launch:  # fmt: skip
    experts = weight.data.shape[0]
    hit = experts if hit_experts is None else hit_experts
    constants = {
        **weight_constants(weight, Tile(block.outputs, block.width, block.warps)),
        "ROWS": block.rows, "EXPERTS": experts, "SLOTS": next_power(experts + 1),
    }  # fmt: skip
    reads = x.nbytes + order.nbytes + ends.nbytes + weight.nbytes * hit // experts
    return Launch(name, kernel, (programs,), arguments, constants, block.warps, block.stages, reads, out.nbytes)


def combine(parts: Tensor, shares: Tensor, out: Tensor) -> Launch:
    """out[t] = sum over k of shares[t, k] * parts[t, k], [T, H], added in order; parts [T, K, H]; shares [T, K]."""
    rows, hidden = out.shape
    arguments: dict[str, Argument] = {"parts_ptr": parts, "shares_ptr": shares, "out_ptr": out, "H": hidden}
    constants = {"TOP": shares.shape[1], "CHUNK": _CHUNK}
    grid = (rows, cdiv(hidden, _CHUNK))
    return Launch("combine", _combine, grid, arguments, constants, 4, 1, parts.nbytes + shares.nbytes, out.nbytes)


def by_expert(chosen: Tensor, num_experts: int) -> tuple[Tensor, Tensor]:
    """(order int32 [P], ends int32 [E]) of chosen [T, K], for P = T * K: see gate_up. Nothing waits for the host."""
    in_order, order = chosen.reshape(-1).sort(stable=True)
    each = torch.arange(num_experts, dtype=in_order.dtype, device=chosen.device)
    return order.to(torch.int32), torch.searchsorted(in_order, each, right=True, out_int32=True)


def experts(
    x: Tensor, shares: Tensor, chosen: Tensor, gate_up_weight: Tensor | Packed, down_weight: Tensor | Packed
) -> Tensor:
    """sum over k of shares[t, k] * expert[chosen[t, k]](x[t]), [T, H]; see kernels/experts.py.

    The same whatever the order of the rows: a sum is made alike wherever in a tile it stands.
    """
    up = _packed(gate_up_weight)
    back = _packed(down_weight)
    out = torch.empty_like(x, memory_format=torch.contiguous_format)
    if x.shape[0] == 0:
        return out
    order, ends = by_expert(chosen, up.data.shape[0])
    inner = x.new_empty(order.shape[0], back.columns)
    parts = x.new_empty(*chosen.shape, x.shape[1])
    count = programs(x.device)
    first = default_block(order.shape[0], up, x.dtype, accumulators=2)
    second = default_block(order.shape[0], back, x.dtype, accumulators=1)
    gate_up(x.contiguous(), order, ends, up, inner, first, programs=count).run()
    down(inner, order, ends, back, parts, second, programs=count).run()
    combine(parts, shares.contiguous(), out).run()
    return out


def programs(device: torch.device) -> int:
    """How many programs share the tiles: what the GPU runs at a time, and without a GPU a few."""
    if device.type != "cuda":
        return PROGRAMS_PER_PROCESSOR
    return PROGRAMS_PER_PROCESSOR * torch.cuda.get_device_properties(device).multi_processor_count


def _packed(weight: Tensor | Packed) -> Packed:
    return weight if isinstance(weight, Packed) else Packed("float", weight, weight.shape[-1])
