"""A norm and a projection of a step's few rows: queries, keys and values together, and the scores of the head.

Also the projection back with the residual added. Knows nothing of heads or positions.
"""

import triton
import triton.language as tl
from torch import Tensor

from mellum_ls.kernels._triton.launch import Argument, Launch, cdiv
from mellum_ls.kernels._triton.numerics import rounded
from mellum_ls.kernels._triton.projection import Tile, row_products, row_tile, weight_constants
from mellum_ls.kernels.packing import Packed


@triton.jit(do_not_specialize=["rows_there"])
def _project(
    x_ptr, norm_ptr, weight_ptr, scale_ptr, residual_ptr, out_ptr, eps, N, rows_there,
    TILE_ROWS: tl.constexpr, OUTPUTS: tl.constexpr, WIDTH: tl.constexpr,
    FORMAT: tl.constexpr, GROUP: tl.constexpr, K: tl.constexpr, STORED: tl.constexpr, EARLY: tl.constexpr = False,
):  # fmt: skip
    rows = tl.arange(0, TILE_ROWS)
    outputs = tl.program_id(0) * OUTPUTS + tl.arange(0, OUTPUTS)
    rows_mask, outputs_mask = rows < rows_there, outputs < N
    places = rows[:, None] * N + outputs[None, :]
    mask = rows_mask[:, None] & outputs_mask[None, :]
    if residual_ptr is not None:
        # The stream was last written two launches ago or more: it may be read early.
        residual = tl.load(residual_ptr + places, mask=mask, other=0.0).to(tl.float32)
    sums = row_products(
        x_ptr, rows * K, rows_mask, norm_ptr, eps, weight_ptr, scale_ptr, outputs, outputs_mask,
        FORMAT, GROUP, K, STORED, WIDTH, EARLY,
    )  # fmt: skip
    if residual_ptr is not None:
        sums += residual
    tl.store(out_ptr + places, rounded(sums, out_ptr), mask=mask)


def project(
    name: str,
    x: Tensor,
    weight: Packed,
    out: Tensor,
    tile: Tile,
    *,
    norm: Tensor | None = None,
    eps: float = 0.0,
    residual: Tensor | None = None,
) -> Launch:
    """out = (rms_norm(x) * norm, or x without one) @ weight.T, plus the residual; [T, N], T at most 16.

    x [T, K]; norm [K]; residual [T, N], which may be out itself; sums are float32, out is rounded to its dtype. The
    norm's factor, one for each row, is applied behind the sum.
    """
    (rows, _), outputs = x.shape, weight.rows
    arguments: dict[str, Argument] = {
        "x_ptr": x, "norm_ptr": norm, "weight_ptr": weight.data, "scale_ptr": weight.scale, "residual_ptr": residual,
        "out_ptr": out, "eps": eps, "N": outputs, "rows_there": rows,
    }  # fmt: skip
    reads = [x, norm, weight.data, weight.scale, residual]
    return Launch(
        name,
        _project,
        (cdiv(outputs, tile.outputs),),
        arguments,
        {"TILE_ROWS": row_tile(rows), **weight_constants(weight, tile)},
        tile.warps,
        tile.stages,
        reads=sum(tensor.nbytes for tensor in reads if tensor is not None),
        writes=out.nbytes,
    )
