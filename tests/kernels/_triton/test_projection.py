import pytest
import torch
import triton
import triton.language as tl

from mellum_ls.kernels._triton.projection import Tile, inverse_rms, row_tile, weight_constants
from mellum_ls.kernels.packing import pack


@triton.jit
def _inverse_rms(x_ptr, out_ptr, ROWS: tl.constexpr, TILE: tl.constexpr, K: tl.constexpr):
    rows = tl.arange(0, TILE)
    tl.store(out_ptr + rows, inverse_rms(x_ptr, rows * K, rows < ROWS, 1e-6, K), mask=rows < ROWS)


@pytest.mark.parametrize(("rows", "columns"), [(1, 64), (3, 300), (16, 257)])
def test_the_factor_of_a_norm(device: torch.device, rows: int, columns: int) -> None:
    x = torch.randn(rows, columns, generator=torch.Generator().manual_seed(rows)).to(device)
    out = torch.empty(rows, device=device)
    _inverse_rms[(1,)](x, out, rows, row_tile(rows), columns)
    torch.testing.assert_close(out, (x.pow(2).mean(dim=-1) + 1e-6).rsqrt(), rtol=1e-5, atol=0)


@pytest.mark.parametrize(("rows", "tile"), [(1, 1), (2, 16), (16, 16)])
def test_one_row_is_for_itself_and_more_fill_a_tensor_core(rows: int, tile: int) -> None:
    assert row_tile(rows) == tile


def test_a_kernel_learns_what_is_stored() -> None:
    constants = weight_constants(pack(torch.ones(4, 320), "int4", 32), Tile(16, 32, 1))
    # 320 columns lie in three blocks of 128, of sixteen words each.
    assert (constants["K"], constants["STORED"], constants["GROUP"]) == (320, 48, 32)
