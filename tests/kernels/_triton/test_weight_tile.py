import pytest
import torch
import triton
import triton.language as tl

from mellum_ls.kernels._triton.projection import Tile, weight_constants
from mellum_ls.kernels._triton.weight_tile import add_products
from mellum_ls.kernels.packing import FORMATS, Format, pack, unpack


@triton.jit
def _one_step(
    x_ptr, weight_ptr, scale_ptr, out_ptr, start,
    FORMAT: tl.constexpr, GROUP: tl.constexpr, K: tl.constexpr, STORED: tl.constexpr, WIDTH: tl.constexpr,
    OUTPUTS: tl.constexpr,
):  # fmt: skip
    rows, outputs = tl.arange(0, 16).to(tl.int64), tl.arange(0, OUTPUTS).to(tl.int64)
    sums = add_products(
        tl.full((OUTPUTS, 16), 1.0, tl.float32), x_ptr, rows * K, rows < 3, weight_ptr, scale_ptr,
        outputs, outputs < 5, start, FORMAT, GROUP, K, STORED, WIDTH,
    )  # fmt: skip
    tl.store(out_ptr + outputs[:, None] * 16 + rows[None, :], sums)


@pytest.mark.parametrize("format", FORMATS)
def test_a_step_adds_the_products_of_its_columns_alone(device: torch.device, format: Format) -> None:
    generator = torch.Generator().manual_seed(7)
    x, weight = torch.randn(3, 200, generator=generator), torch.randn(5, 200, generator=generator)
    packed, out = pack(weight.to(device), format, 32), torch.empty(16, 16, device=device)
    constants = weight_constants(packed, Tile(16, 128, 1))
    _one_step[(1,)](x.to(device), packed.data, packed.scale, out, 128, **constants)
    wanted = torch.ones(16, 16, dtype=torch.float64)
    known = packed.data.cpu().double() if format == "int8" else unpack(packed, torch.float64).cpu()  # the bare codes
    wanted[:5, :3] += known[:, 128:] @ x[:, 128:].double().T
    torch.testing.assert_close(out.cpu().double(), wanted, rtol=1e-5, atol=1e-4)
