"""The inner loop of every matrix product of a step: few rows of x with a block of a packed weight's rows.

One row is multiplied element by element, since a tensor core would be fed with 15 rows of nothing and every code would
have to pass through shared memory; more rows go through the tensor cores, sixteen at a time, with the weight as the
left factor: both factors then lie in memory as the cores take them.
"""

from dataclasses import dataclass

import triton
import triton.language as tl

from mellum_ls.kernels._triton.launch import Constant, cdiv, next_power
from mellum_ls.kernels._triton.numerics import product
from mellum_ls.kernels._triton.waiting import wait
from mellum_ls.kernels.packing import BLOCK, CODES, INT4_ZERO, WORDS, Packed

MOST_ROWS = 16
_CHUNK = tl.constexpr(256)  # columns of several rows that are squared at a time
_BLOCK, _CODES, _WORDS = tl.constexpr(BLOCK), tl.constexpr(CODES), tl.constexpr(WORDS)
_ZERO = tl.constexpr(INT4_ZERO)


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
    x_ptr, x_offsets, x_mask, norm_ptr, eps, weight_ptr, scale_ptr, outputs, outputs_mask,
    FORMAT: tl.constexpr, GROUP: tl.constexpr, K: tl.constexpr, STORED: tl.constexpr, WIDTH: tl.constexpr,
    EARLY: tl.constexpr = False,
):  # fmt: skip
    """rms_norm(x) * norm @ weight.T, [M, N] float32; without a norm x @ weight.T.

    x_offsets, x_mask [M]: where the rows of x begin, and which there are. outputs, outputs_mask [N]: the rows of the
    weight. The scales of int8 are applied to the sums. EARLY: waits for x, once the first weights are on their way.
    """
    M: tl.constexpr = x_offsets.shape[0]
    N: tl.constexpr = outputs.shape[0]
    if M == 1:
        return pair_products(
            x_ptr, x_offsets, x_mask, norm_ptr, eps, weight_ptr, scale_ptr, outputs, outputs_mask,
            FORMAT, GROUP, K, STORED, WIDTH, EARLY,
        )[None, :]  # fmt: skip
    wait(EARLY)
    if norm_ptr is not None:
        factor = inverse_rms(x_ptr, x_offsets, x_mask, eps, K)
    acc = tl.zeros((N, M), tl.float32)
    for start in range(0, STORED, WIDTH):
        stored = _stored(weight_ptr, outputs, outputs_mask, start, FORMAT, STORED, WIDTH)
        if FORMAT == "int4":
            CODES: tl.constexpr = WIDTH * _CODES
            scale = _scales(scale_ptr, outputs, outputs_mask, start, GROUP, STORED, WIDTH)  # [N, CODES / GROUP]
            scale = tl.reshape(tl.broadcast_to(scale[:, :, None], (N, CODES // GROUP, GROUP)), (N, CODES))
            shifts = 4 * tl.arange(0, _CODES)
            codes = ((stored[:, :, None, :] >> shifts[None, None, :, None]) & 15) - _ZERO
            weight = tl.reshape(codes, (N, CODES)).to(tl.float32) * scale
            columns = start * _CODES + tl.arange(0, CODES)
        else:
            weight = stored.to(tl.float32)
            columns = start + tl.arange(0, WIDTH)
        x = _columns(x_ptr, x_offsets[:, None], x_mask[:, None], norm_ptr, columns[None, :], K)
        acc = product(weight, tl.trans(x), acc, x_ptr)
    sums = tl.trans(acc)
    if FORMAT == "int8":
        sums *= tl.load(scale_ptr + outputs, mask=outputs_mask, other=0.0)[None, :]
    if norm_ptr is not None:
        sums *= factor[:, None]
    return sums


@triton.jit
def pair_products(
    x_ptr, x_offsets, x_mask, norm_ptr, eps, weight_ptr, scale_ptr, outputs, outputs_mask,
    FORMAT: tl.constexpr, GROUP: tl.constexpr, K: tl.constexpr, STORED: tl.constexpr, WIDTH: tl.constexpr,
    EARLY: tl.constexpr = False,
):  # fmt: skip
    """Sums over k of x[n, k] * weight[n, k], [N] float32: the n-th row of x with the n-th of the weight.

    As `row_products`, but x_offsets and x_mask are [N], or [1] where all have the same row of x.
    """
    N: tl.constexpr = outputs.shape[0]
    # Sums stay apart by place until the end, where they are added up once. The next codes are under way meanwhile.
    stored = _stored(weight_ptr, outputs, outputs_mask, 0, FORMAT, STORED, WIDTH)
    if FORMAT == "int8":
        row_scale = tl.load(scale_ptr + outputs, mask=outputs_mask, other=0.0)
    wait(EARLY)
    # The norm's factor is wanted last and asked for first: behind the sum it would be waited for.
    if norm_ptr is not None:
        factor = inverse_rms(x_ptr, x_offsets, x_mask, eps, K)
    if FORMAT == "int4":
        BLOCKS: tl.constexpr = WIDTH // _WORDS
        acc = tl.zeros((N, BLOCKS, _WORDS), tl.float32)
        for start in range(0, STORED, WIDTH):
            coming = _stored(weight_ptr, outputs, outputs_mask, start + WIDTH, FORMAT, STORED, WIDTH)
            blocks = start // _WORDS + tl.arange(0, BLOCKS)
            first = blocks[:, None] * _BLOCK + tl.arange(0, _WORDS)[None, :]  # the column of a word's lowest code
            scale_rows = scale_ptr + outputs.to(tl.int64)[:, None] * (STORED * _CODES // GROUP)
            mask = outputs_mask[:, None] & (blocks < STORED // _WORDS)[None, :]
            for group in tl.static_range(_BLOCK // GROUP):
                scales = scale_rows + (blocks * (_BLOCK // GROUP) + group)[None, :]
                scale = tl.load(scales, mask=mask, other=0.0).to(tl.float32)  # [N, BLOCKS]
                part = tl.zeros((N, BLOCKS, _WORDS), tl.float32)
                for place in tl.static_range(group * (GROUP // _WORDS), (group + 1) * (GROUP // _WORDS)):
                    columns = (first + place * _WORDS)[None, :, :]
                    x = _columns(x_ptr, x_offsets[:, None, None], x_mask[:, None, None], norm_ptr, columns, K)
                    part += x * _code(stored, place)
                acc += part * scale[:, :, None]
            stored = coming
        sums = tl.sum(tl.sum(acc, axis=2), axis=1)
    else:
        acc = tl.zeros((N, WIDTH), tl.float32)
        for start in range(0, STORED, WIDTH):
            coming = _stored(weight_ptr, outputs, outputs_mask, start + WIDTH, FORMAT, STORED, WIDTH)
            columns = (start + tl.arange(0, WIDTH))[None, :]
            acc += _columns(x_ptr, x_offsets[:, None], x_mask[:, None], norm_ptr, columns, K) * stored.to(tl.float32)
            stored = coming
        sums = tl.sum(acc, axis=1)
        if FORMAT == "int8":
            sums *= row_scale
    if norm_ptr is not None:
        sums *= factor
    return sums


@triton.jit
def _stored(weight_ptr, outputs, outputs_mask, start, FORMAT: tl.constexpr, STORED: tl.constexpr, WIDTH: tl.constexpr):
    """What is stored of these rows from `start` on, [N, WIDTH]; the words of int4 as [N, WIDTH / 16, 16]."""
    rows = weight_ptr + outputs.to(tl.int64) * STORED
    if FORMAT == "int4":
        blocks = start // _WORDS + tl.arange(0, WIDTH // _WORDS)
        mask = outputs_mask[:, None, None] & (blocks < STORED // _WORDS)[None, :, None]
        places = blocks[:, None] * _WORDS + tl.arange(0, _WORDS)[None, :]
        return tl.load(rows[:, None, None] + places[None, :, :], mask=mask, other=0)
    else:
        places = start + tl.arange(0, WIDTH)
        mask = outputs_mask[:, None] & (places < STORED)[None, :]
        return tl.load(rows[:, None] + places[None, :], mask=mask, other=0)


@triton.jit
def _scales(scale_ptr, outputs, outputs_mask, start, GROUP: tl.constexpr, STORED: tl.constexpr, WIDTH: tl.constexpr):
    """The scales of int4 for the words from `start` on, [N, groups] float32."""
    GROUPS: tl.constexpr = STORED * _CODES // GROUP
    groups = start * _CODES // GROUP + tl.arange(0, WIDTH * _CODES // GROUP)
    mask = outputs_mask[:, None] & (groups < GROUPS)[None, :]
    scales = scale_ptr + outputs.to(tl.int64)[:, None] * GROUPS + groups[None, :]
    return tl.load(scales, mask=mask, other=0.0).to(tl.float32)


@triton.jit
def _code(words, place: tl.constexpr):
    """The value in -8..7 of one code of each word, float32.

    Where the unit of a float32 lies is its exponent's choice: a code is converted where it stands, by being set into a
    mantissa whose unit is the code's lowest bit, and one subtraction. Five of the eight stand where a mantissa is.
    """
    if place < 5:
        return _mantissa(words, place)
    else:
        return _mantissa(words >> 20, place - 5)


@triton.jit
def _mantissa(words, place: tl.constexpr):
    value = (words & (15 << (4 * place))) | ((127 + 23 - 4 * place) << 23)
    return value.to(tl.float32, bitcast=True) - ((1 << (23 - 4 * place)) + _ZERO)


@triton.jit
def _columns(x_ptr, x_offsets, x_mask, norm_ptr, columns, K: tl.constexpr):
    """x of these columns, float32, 0 behind the last; x_offsets, x_mask and columns broadcast against one another."""
    x = tl.load(x_ptr + x_offsets + columns, mask=x_mask & (columns < K), other=0.0).to(tl.float32)
    if norm_ptr is not None:
        x *= tl.load(norm_ptr + columns, mask=columns < K, other=0.0).to(tl.float32)
    return x


@triton.jit
def inverse_rms(x_ptr, x_offsets, x_mask, eps, K: tl.constexpr):
    """1 / sqrt(mean over k of x[m, k]^2 + eps), [M] float32."""
    # One row is read at once: piece by piece, each would be waited for.
    CHUNK: tl.constexpr = triton.next_power_of_2(K) if x_offsets.shape[0] == 1 else _CHUNK
    squares = tl.zeros((x_offsets.shape[0], CHUNK), tl.float32)
    for start in range(0, K, CHUNK):
        x = _columns(x_ptr, x_offsets[:, None], x_mask[:, None], None, (start + tl.arange(0, CHUNK))[None, :], K)
        squares += x * x
    return tl.rsqrt(tl.sum(squares, axis=1) / K + eps)
