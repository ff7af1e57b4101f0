"""A step along the columns of the product of many rows of x with a packed weight, decoded in registers.

Few rows are another matter (projection.py).
"""

import triton
import triton.language as tl

from mellum_ls.kernels._triton.numerics import product
from mellum_ls.kernels.packing import BLOCK, CODES, INT4_ZERO, WORDS

_BLOCK, _CODES, _WORDS = tl.constexpr(BLOCK), tl.constexpr(CODES), tl.constexpr(WORDS)
# A float32 of this exponent has its unit in the last bit: a code set into its mantissa is converted by one addition.
_MAGIC = tl.constexpr(0x4B000000)
_MAGIC_ZERO = tl.constexpr(float(1 << 23) + INT4_ZERO)


@triton.jit
def add_products(
    sums, x_ptr, rows, rows_mask, weight_ptr, scale_ptr, outputs, outputs_mask, start,
    FORMAT: tl.constexpr, GROUP: tl.constexpr, K: tl.constexpr, STORED: tl.constexpr, WIDTH: tl.constexpr,
):  # fmt: skip
    """sums [N, M] float32 + the products of weight[outputs] and x[rows] in columns start to start + WIDTH.

    rows int64 [M]: where the rows of x begin. outputs int64 [N]: rows of the weight, of a stack counted through all of
    its experts. int4 has a WIDTH of one block of 128 columns; the scale of int8 is left to be put in behind the sum.
    """
    if FORMAT == "int4":
        tl.static_assert(WIDTH == _BLOCK)
        words = start // _CODES + tl.arange(0, _WORDS)
        stored = tl.load(
            weight_ptr + outputs[:, None] * STORED + words[None, :], mask=outputs_mask[:, None], other=0
        )  # [N, 16]
        # A word's eight codes belong to columns that lie 16 apart: eight products of 16 columns, in each of which the
        # words are where they were.
        for group in tl.static_range(_BLOCK // GROUP):
            scales = scale_ptr + outputs * (STORED * _CODES // GROUP) + (start // GROUP + group)
            scale = tl.load(scales, mask=outputs_mask, other=0.0).to(tl.float32)
            for place in tl.static_range(group * (GROUP // _WORDS), (group + 1) * (GROUP // _WORDS)):
                code = (((stored >> (4 * place)) & 15) | _MAGIC).to(tl.float32, bitcast=True) - _MAGIC_ZERO
                x = _columns(x_ptr, rows, rows_mask, tl.arange(0, _WORDS) + place * _WORDS + start, K, WIDTH)
                sums = product(code * scale[:, None], tl.trans(x), sums, x_ptr)
    else:
        columns = start + tl.arange(0, WIDTH)
        mask = outputs_mask[:, None]
        if K % WIDTH != 0:
            mask = mask & (columns < K)[None, :]
        stored = tl.load(weight_ptr + outputs[:, None] * STORED + columns[None, :], mask=mask, other=0)
        x = _columns(x_ptr, rows, rows_mask, columns, K, WIDTH)
        sums = product(stored.to(tl.float32), tl.trans(x), sums, x_ptr)
    return sums


@triton.jit
def _columns(x_ptr, rows, rows_mask, columns, K: tl.constexpr, WIDTH: tl.constexpr):
    """x[rows, columns], float32 [M, C], of a step of WIDTH columns; 0 behind the last column."""
    mask = rows_mask[:, None]
    if K % WIDTH != 0:
        mask = mask & (columns < K)[None, :]
    return tl.load(x_ptr + rows[:, None] + columns[None, :], mask=mask, other=0.0).to(tl.float32)
