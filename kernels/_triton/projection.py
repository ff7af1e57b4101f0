"""The inner loop of every matrix product of a step: few rows of x with a block of a packed weight's rows.

One row is multiplied element by element, since a tensor core would be fed with 15 rows of nothing and every code would
have to pass through shared memory; more rows go through the tensor cores, sixteen at a time.
"""

from dataclasses import dataclass

import triton
import triton.language as tl

from mellum_ls.kernels._triton.launch import Constant, cdiv, next_power
from mellum_ls.kernels._triton.numerics import product
from mellum_ls.kernels.packing import BLOCK, CODES, INT4_ZERO, WORDS, Packed

MOST_ROWS = 16
_CHUNK = tl.constexpr(256)  # columns of x that are squared at a time
_BLOCK, _CODES, _WORDS = tl.constexpr(BLOCK), tl.constexpr(CODES), tl.constexpr(WORDS)
# A float32 of this exponent has its unit in the last bit: a code set into its mantissa is converted by one addition.
_MAGIC = tl.constexpr(0x4B000000)
_MAGIC_ZERO = tl.constexpr(float(1 << 23) + INT4_ZERO)


@dataclass(frozen=True, slots=True)
class Tile:
    """How a product is cut: a program has `outputs` rows of the weight, and reads `width` elements of each at a time.

    width counts stored elements: weights, or for int4 words of eight.
    """

    outputs: int
    width: int
    warps: int
    stages: int = 3


def row_tile(rows: int) -> int:
    """Rows of a program's tile: one, or what a tensor core takes."""
    return 1 if rows == 1 else max(MOST_ROWS, next_power(rows))


def weight_constants(weight: Packed, tile: Tile) -> dict[str, Constant]:
    """The constants by which a kernel knows its weight's format and how it is cut."""
    stored = cdiv(weight.columns, BLOCK) * WORDS if weight.format == "int4" else weight.columns
    return {
        "FORMAT": weight.format,
        "GROUP": weight.group,
        "K": weight.columns,
        "STORED": stored,
        "OUTPUTS": tile.outputs,
        "WIDTH": tile.width,
    }


@triton.jit
def row_products(
    x_ptr, x_offsets, x_mask, norm_ptr, weight_ptr, scale_ptr, outputs, outputs_mask,
    FORMAT: tl.constexpr, GROUP: tl.constexpr, K: tl.constexpr, STORED: tl.constexpr, WIDTH: tl.constexpr,
):  # fmt: skip
    """Sums over k of x[m, k] * norm[k] * weight[n, k], [M, N] float32; norm_ptr None stands for a norm of ones.

    x_offsets, x_mask [M]: where the rows of x begin, and which there are. outputs, outputs_mask [N]: the rows of the
    weight. The scales of int8 are applied to the sums.
    """
    M: tl.constexpr = x_offsets.shape[0]
    N: tl.constexpr = outputs.shape[0]
    GROUPS: tl.constexpr = (STORED * _CODES) // GROUP
    # One row's sums stay apart by place until the end, where they are added up once.
    acc = tl.zeros((M, N), tl.float32) if M > 1 else tl.zeros((N, WIDTH), tl.float32)
    rows = outputs.to(tl.int64) * STORED
    for start in range(0, STORED, WIDTH):
        places = start + tl.arange(0, WIDTH)
        if STORED % WIDTH == 0:
            mask = outputs_mask[:, None]
        else:
            mask = outputs_mask[:, None] & (places < STORED)[None, :]
        stored = tl.load(weight_ptr + rows[:, None] + places[None, :], mask=mask, other=0)  # [N, WIDTH]
        if FORMAT == "int4":
            first = places // _WORDS * _BLOCK + places % _WORDS  # the column of a word's lowest code
            scale_rows = scale_ptr + outputs.to(tl.int64)[:, None] * GROUPS
            for group in tl.static_range(_BLOCK // GROUP):
                scales = scale_rows + ((first + group * GROUP) // GROUP)[None, :]
                scale = tl.load(scales, mask=mask, other=0.0).to(tl.float32)  # [N, WIDTH]
                part = tl.zeros((N, WIDTH), tl.float32)
                for place in tl.static_range(group * (GROUP // _WORDS), (group + 1) * (GROUP // _WORDS)):
                    code = (((stored >> (4 * place)) & 15) | _MAGIC).to(tl.float32, bitcast=True) - _MAGIC_ZERO
                    x = _columns(x_ptr, x_offsets, x_mask, norm_ptr, first + place * _WORDS, K)
                    if M == 1:
                        part += x * code
                    else:
                        acc = product(x, tl.trans(code * scale), acc, x_ptr)
                if M == 1:
                    acc += part * scale
        else:
            x = _columns(x_ptr, x_offsets, x_mask, norm_ptr, places, K)
            if M == 1:
                acc += x * stored.to(tl.float32)
            else:
                acc = product(x, tl.trans(stored.to(tl.float32)), acc, x_ptr)
    if M == 1:
        sums = tl.sum(acc, axis=1)[None, :]
    else:
        sums = acc
    if FORMAT == "int8":
        sums *= tl.load(scale_ptr + outputs, mask=outputs_mask, other=0.0)[None, :]
    return sums


@triton.jit
def _columns(x_ptr, x_offsets, x_mask, norm_ptr, columns, K: tl.constexpr):
    """x [M, WIDTH] float32 of these columns; 0 behind the last."""
    mask = x_mask[:, None] & (columns < K)[None, :]
    x = tl.load(x_ptr + x_offsets[:, None] + columns[None, :], mask=mask, other=0.0).to(tl.float32)
    if norm_ptr is not None:
        x *= tl.load(norm_ptr + columns, mask=columns < K, other=0.0).to(tl.float32)[None, :]
    return x


@triton.jit
def inverse_rms(x_ptr, x_offsets, x_mask, eps, K: tl.constexpr):
    """1 / sqrt(mean over k of x[m, k]^2 + eps), [M] float32."""
    squares = tl.zeros((x_offsets.shape[0], _CHUNK), tl.float32)
    for start in range(0, K, _CHUNK):
        x = _columns(x_ptr, x_offsets, x_mask, None, start + tl.arange(0, _CHUNK), K)
        squares += x * x
    return tl.rsqrt(tl.sum(squares, axis=1) / K + eps)
