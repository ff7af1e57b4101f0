"""The product with a packed matrix on a processor: some rows at a time are unpacked, and never the whole.

The rows in hand stay in the processor's cache, so that of a matrix only its codes come out of memory. Knows the layout
(packing.py), not what the matrix is of.
"""

import torch
from torch import Tensor

from mellum_ls.kernels.packing import CODES, INT4_ZERO, WORDS, Packed, unpack

CACHED_NUMBERS = 128 * 2304
"""Floats that fit a processor's second cache beside what they are made of."""


def product(x: Tensor, weight: Packed) -> Tensor:
    """Return x @ weight.T, [T, N] float32, for x [T, K] float32 and a matrix [N, K] in any format."""
    if x.device.type != "cpu" or weight.format == "panels":
        return torch.mm(x, unpack(weight).t())
    result = x.new_empty(x.shape[0], weight.rows)
    wide = weight.data.shape[-1] * (CODES if weight.format == "int4" else 1)  # K, or K'
    step = max(1, CACHED_NUMBERS // wide)
    room = x.new_empty(min(step, weight.rows), wide)
    for start in range(0, weight.rows, step):
        some = weight[start : start + step]
        floats = _floats(some, room[: some.rows])
        torch.mm(x, floats[:, : weight.columns].t(), out=result[:, start : start + some.rows])
    if weight.format == "int8":
        assert weight.scale is not None
        # One scale a row may be put in behind the sum, which leaves the codes, exact in float32, to multiply.
        result.mul_(weight.scale)
    return result


def _floats(weight: Packed, room: Tensor) -> Tensor:
    """The rows' weights in `room` [n, K'], without their scales where a row has one."""
    if weight.format != "int4":
        return room.copy_(weight.data)
    assert weight.scale is not None
    rows = weight.rows
    words = weight.data.view(rows, -1, 1, WORDS)
    places = torch.arange(0, 4 * CODES, 4, dtype=torch.int32)[:, None]
    room.view(rows, -1, CODES, WORDS).copy_((words >> places).bitwise_and_(15))
    room.sub_(INT4_ZERO).view(rows, -1, weight.group).mul_(weight.scale.float()[..., None])
    return room
