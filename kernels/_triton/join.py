"""What an MTP layer's projection takes: of each row the embedding of its id and a hidden state, each after its norm.

Knows where the states lie (an address on the device), not where they come from.
"""

import triton
import triton.language as tl
from torch import Tensor

from mellum_ls.kernels._triton.launch import Launch, next_power
from mellum_ls.kernels._triton.numerics import rounded


@triton.jit
def _join(
    ids_ptr, table_ptr, source_ptr, table_norm_ptr, source_norm_ptr, out_ptr, eps, H: tl.constexpr, WIDTH: tl.constexpr
):  # fmt: skip
    row = tl.program_id(0).to(tl.int64)
    out_ptr += row * (2 * H)
    if tl.program_id(1) == 0:
        place = tl.load(ids_ptr + row).to(tl.int64) * H
        _normed(table_ptr + place, table_norm_ptr, out_ptr, eps, H, WIDTH)
    else:
        states_ptr = tl.load(source_ptr).to(out_ptr.dtype)
        _normed(states_ptr + row * H, source_norm_ptr, out_ptr + H, eps, H, WIDTH)


@triton.jit
def _normed(x_ptr, norm_ptr, out_ptr, eps, H: tl.constexpr, WIDTH: tl.constexpr):
    """One row of H numbers, normalised."""
    columns = tl.arange(0, WIDTH)
    within = columns < H
    # The table may be of another dtype; everything else of the layer has that of its result.
    x = rounded(tl.load(x_ptr + columns, mask=within, other=0.0).to(tl.float32), out_ptr).to(tl.float32)
    norm = tl.load(norm_ptr + columns, mask=within, other=0.0).to(tl.float32)
    factor = tl.rsqrt(tl.sum(x * x, axis=0) / H + eps)
    tl.store(out_ptr + columns, rounded(x * factor * norm, out_ptr), mask=within)


def join(
    ids: Tensor, table: Tensor, source: Tensor, table_norm: Tensor, source_norm: Tensor, out: Tensor, eps: float
) -> Launch:
    """out[t] = (rms_norm(table[ids[t]]) * table_norm, rms_norm(states[t]) * source_norm), [T, 2 H].

    ids [T] int32, rows of the table [V, H]; source [1] int64: the address of states [T, H], of the dtype of out, which
    is read on the device when the kernel runs; the norms [H] each.
    """
    rows, hidden = out.shape[0], table.shape[1]
    return Launch(
        "join",
        _join,
        (rows, 2),
        {
            "ids_ptr": ids, "table_ptr": table, "source_ptr": source, "table_norm_ptr": table_norm,
            "source_norm_ptr": source_norm, "out_ptr": out, "eps": eps,
        },
        {"H": hidden, "WIDTH": next_power(hidden)},
        warps=8,
        stages=1,
        reads=ids.nbytes + rows * hidden * (table.element_size() + out.element_size())
        + source.nbytes + table_norm.nbytes + source_norm.nbytes,
        writes=out.nbytes,
    )  # fmt: skip
