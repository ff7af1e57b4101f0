"""The norm behind the last layer, which nothing follows that could do it on the way."""

import triton
import triton.language as tl
from torch import Tensor

from mellum_ls.kernels._triton.launch import Launch
from mellum_ls.kernels._triton.numerics import rounded
from mellum_ls.kernels._triton.projection import inverse_rms
from mellum_ls.kernels._triton.waiting import wait

WIDTH = 256


@triton.jit
def _normalise(
    x_ptr, norm_ptr, out_ptr, eps, K: tl.constexpr, WIDTH: tl.constexpr, EARLY: tl.constexpr = False
):  # fmt: skip
    wait(EARLY)
    offsets = tl.program_id(0) * K + tl.arange(0, 1)
    factor = inverse_rms(x_ptr, offsets, offsets >= 0, eps, K)  # [1]
    for start in range(0, K, WIDTH):
        columns = start + tl.arange(0, WIDTH)
        mask = columns < K
        places = tl.program_id(0) * K + columns
        x = tl.load(x_ptr + places, mask=mask, other=0.0).to(tl.float32)
        norm = tl.load(norm_ptr + columns, mask=mask, other=0.0).to(tl.float32)
        tl.store(out_ptr + places, rounded(x * tl.sum(factor) * norm, out_ptr), mask=mask)


def normalise(name: str, x: Tensor, norm: Tensor, out: Tensor, eps: float) -> Launch:
    """out = rms_norm(x) * norm, [T, K], a program for each row; norm [K]."""
    return Launch(
        name,
        _normalise,
        (x.shape[0],),
        {"x_ptr": x, "norm_ptr": norm, "out_ptr": out, "eps": eps},
        {"K": x.shape[1], "WIDTH": WIDTH},
        warps=4,
        stages=1,
        reads=x.nbytes + norm.nbytes,
        writes=out.nbytes,
    )
