"""A product with a packed weight for many rows: prefill. Few rows are projection.py's.

The weight is the left operand, x the right one: on an sm_90 the left one may come from registers, so that decoded
weights need no detour through shared memory.
"""

from dataclasses import dataclass

import torch
import triton
import triton.language as tl
from torch import Tensor
from torch.nn.functional import linear as dense

from mellum_ls.kernels._triton.launch import Argument, Launch, cdiv, next_power
from mellum_ls.kernels._triton.numerics import rounded
from mellum_ls.kernels._triton.project import project
from mellum_ls.kernels._triton.projection import MOST_ROWS, Tile, weight_constants
from mellum_ls.kernels._triton.weight_tile import add_products
from mellum_ls.kernels.packing import BLOCK, Packed, Weight

# Programs next to each other share so many blocks of the weight's rows, which they find in the L2 cache.
_TOGETHER = tl.constexpr(8)


@dataclass(frozen=True, slots=True)
class Block:
    """How a product is cut: a program has `rows` rows of x and `outputs` of the weight, `width` columns at a time."""

    rows: int
    outputs: int
    width: int
    warps: int
    stages: int


def default_block(rows: int, weight: Packed, dtype: torch.dtype) -> Block:
    """A cut for so many rows on average; float32, which has no tensor cores to feed, takes a small one."""
    width = BLOCK if weight.format == "int4" else 64
    if dtype == torch.float32:
        return Block(16, 32, width, warps=4, stages=2)
    return Block(min(128, max(16, next_power(rows))), 128, width, warps=8 if rows > 64 else 4, stages=3)


@triton.jit
def _matmul(
    x_ptr, weight_ptr, scale_ptr, out_ptr, T, N, x_stride,
    ROWS: tl.constexpr, OUTPUTS: tl.constexpr, WIDTH: tl.constexpr,
    FORMAT: tl.constexpr, GROUP: tl.constexpr, K: tl.constexpr, STORED: tl.constexpr,
):  # fmt: skip
    row_blocks, output_blocks = tl.cdiv(T, ROWS), tl.cdiv(N, OUTPUTS)
    program = tl.program_id(0)
    first = program // (_TOGETHER * row_blocks) * _TOGETHER
    together = tl.minimum(output_blocks - first, _TOGETHER)
    within = program % (_TOGETHER * row_blocks)
    rows = (within // together * ROWS + tl.arange(0, ROWS)).to(tl.int64)
    outputs = ((first + within % together) * OUTPUTS + tl.arange(0, OUTPUTS)).to(tl.int64)
    rows_mask, outputs_mask = rows < T, outputs < N
    sums = tl.zeros((OUTPUTS, ROWS), tl.float32)
    for start in range(0, K, WIDTH):
        sums = add_products(
            sums, x_ptr, rows * x_stride, rows_mask, weight_ptr, scale_ptr, outputs, outputs_mask, start,
            FORMAT, GROUP, K, STORED, WIDTH,
        )  # fmt: skip
    if FORMAT == "int8":
        sums *= tl.load(scale_ptr + outputs, mask=outputs_mask, other=0.0)[:, None]
    places = out_ptr + rows[:, None] * N + outputs[None, :]
    tl.store(places, rounded(tl.trans(sums), out_ptr), mask=rows_mask[:, None] & outputs_mask[None, :])


def matmul(name: str, x: Tensor, weight: Packed, out: Tensor, block: Block) -> Launch:
    """out = x @ weight.T, [T, N], for x [T, K] whose rows may lie apart. Sums are float32, out is rounded to its dtype.

    x is float16, bfloat16 or float32; the weights are rounded to its dtype, of int8 the codes, which is exact: their
    scale comes behind the sum.
    """
    assert x.stride(1) == 1, "the columns of x lie apart"
    assert out.is_contiguous()
    rows, outputs = x.shape[0], weight.rows
    arguments: dict[str, Argument] = {
        "x_ptr": x, "weight_ptr": weight.data, "scale_ptr": weight.scale, "out_ptr": out,
        "T": rows, "N": outputs, "x_stride": x.stride(0),
    }  # fmt: skip
    return Launch(
        name,
        _matmul,
        (cdiv(rows, block.rows) * cdiv(outputs, block.outputs),),
        arguments,
        {"ROWS": block.rows, **weight_constants(weight, Tile(block.outputs, block.width, block.warps))},
        block.warps,
        block.stages,
        reads=x.shape.numel() * x.element_size() + weight.nbytes,
        writes=out.nbytes,
    )


def linear(x: Tensor, weight: Weight) -> Tensor:
    """x @ weight.T, [T, N] in the dtype of x, for any number of rows; see kernels/linear.py.

    A weight without codes is left to torch, whose vendor's library knows that product best.
    """
    if isinstance(weight, Tensor):
        return dense(x, weight)
    if weight.format == "float":
        return dense(x, weight.data.to(x.dtype))
    rows = x.shape[0]
    out = x.new_empty(rows, weight.rows)
    if rows == 0:
        return out
    if rows <= MOST_ROWS:
        width = 32 if weight.format == "int4" else 256
        project("linear", x.contiguous(), weight, out, Tile(16, width, warps=4)).run()
    else:
        x = x if x.stride(1) == 1 else x.contiguous()
        matmul("linear", x, weight, out, default_block(rows, weight, x.dtype)).run()
    return out
