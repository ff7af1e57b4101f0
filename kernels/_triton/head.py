"""The last norm and the scores of the vocabulary, or of some of it, and of each row the id with the largest."""

import torch
import triton
import triton.language as tl
from torch import Tensor

from mellum_ls.kernels._triton.arrival import last_to_arrive
from mellum_ls.kernels._triton.launch import Launch, cdiv
from mellum_ls.kernels._triton.projection import Tile, row_products, row_tile, weight_constants
from mellum_ls.kernels.packing import Packed

LEAST = -(1 << 63)  # below the key of every score


@triton.jit
def _keys(scores, ids):
    """Integers in the order of the scores, of equal ones in the opposite order of the ids; int64."""
    scores = tl.where(scores == 0, 0.0, scores)  # the two zeros are equal, but not their bits
    bits = scores.to(tl.int32, bitcast=True)
    return (_in_order(bits).to(tl.int64) << 32) | (0x7FFFFFFF - ids).to(tl.int64)


@triton.jit
def _in_order(bits):
    """Bits of float32 as integers in the order of the values, and back."""
    return tl.where(bits >= 0, bits, bits ^ 0x7FFFFFFF)


@triton.jit(do_not_specialize=["rows_there"])
def _head(
    x_ptr, norm_ptr, weight_ptr, scale_ptr, vocabulary_ptr, logits_ptr, ids_ptr, largest_ptr, keys_ptr, counter_ptr,
    eps, N, rows_there, LEAST: tl.constexpr,
    TILE_ROWS: tl.constexpr, OUTPUTS: tl.constexpr, WIDTH: tl.constexpr,
    FORMAT: tl.constexpr, GROUP: tl.constexpr, K: tl.constexpr, STORED: tl.constexpr,
):  # fmt: skip
    rows = tl.arange(0, TILE_ROWS)
    places = tl.program_id(0) * OUTPUTS + tl.arange(0, OUTPUTS)
    there, within = rows < rows_there, places < N
    if vocabulary_ptr is None:
        ids = places
    else:
        ids = tl.load(vocabulary_ptr + places, mask=within, other=0)
    sums = row_products(
        x_ptr, rows * K, there, norm_ptr, eps, weight_ptr, scale_ptr, ids, within, FORMAT, GROUP, K, STORED, WIDTH
    )
    tl.store(logits_ptr + rows[:, None] * N + places[None, :], sums, mask=there[:, None] & within[None, :])
    # The largest of integers does not depend on who comes first.
    keys = tl.where(within[None, :], _keys(sums, ids[None, :]), LEAST)
    tl.atomic_max(keys_ptr + rows, tl.max(keys, axis=1), mask=there, sem="relaxed")
    if last_to_arrive(counter_ptr, tl.num_programs(0)):
        best = tl.load(keys_ptr + rows, mask=there, other=0, cache_modifier=".cg")
        tl.store(ids_ptr + rows, 0x7FFFFFFF - (best & 0x7FFFFFFF).to(tl.int32), mask=there)
        largest = _in_order((best >> 32).to(tl.int32)).to(tl.float32, bitcast=True)
        tl.store(largest_ptr + rows, largest, mask=there)
        tl.store(keys_ptr + rows, tl.full((TILE_ROWS,), LEAST, tl.int64), mask=there)


def room_for_keys(rows: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """(keys [T] int64, counter [1] int32) for `head`, as they must be before each launch and are again behind it."""
    keys = torch.full((rows,), LEAST, dtype=torch.int64, device=device)
    return keys, torch.zeros(1, dtype=torch.int32, device=device)


def head(
    x: Tensor,
    norm: Tensor | None,
    weight: Packed,
    logits: Tensor,
    ids: Tensor,
    largest: Tensor,
    room: tuple[Tensor, Tensor],
    tile: Tile,
    *,
    eps: float,
    vocabulary: Tensor | None = None,
) -> Launch:
    """logits = (rms_norm(x) * norm) @ weight.T; of each row the id of the largest logit, the lowest of equal ones.

    x [T, K], T at most 16; norm [K], None for an x that is normalised; weight [V, K]; logits [T, V] float32; ids [T]
    int32; largest [T] float32; room: `room_for_keys`. vocabulary [N] int32: only these rows of the weight are scored,
    in this order; then logits is [T, N], and ids are still rows of the weight.
    """
    keys, counter = room
    rows, outputs = logits.shape
    scores = weight.nbytes // weight.rows * outputs
    read = [x, norm, vocabulary]
    return Launch(
        "head",
        _head,
        (cdiv(outputs, tile.outputs),),
        {
            "x_ptr": x, "norm_ptr": norm, "weight_ptr": weight.data, "scale_ptr": weight.scale,
            "vocabulary_ptr": vocabulary, "logits_ptr": logits, "ids_ptr": ids, "largest_ptr": largest,
            "keys_ptr": keys, "counter_ptr": counter, "eps": eps, "N": outputs,
            "rows_there": rows,
        },
        {"LEAST": LEAST, "TILE_ROWS": row_tile(rows), **weight_constants(weight, tile)},
        tile.warps,
        tile.stages,
        reads=scores + sum(tensor.nbytes for tensor in read if tensor is not None),
        writes=logits.nbytes + ids.nbytes + largest.nbytes,
    )  # fmt: skip
