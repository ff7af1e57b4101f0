import pytest
import torch
import triton
import triton.language as tl

from mellum_ls.kernels._triton.numerics import product, rounded


@triton.jit
def _round(x_ptr, out_ptr, N: tl.constexpr):
    places = tl.arange(0, N)
    tl.store(out_ptr + places, rounded(tl.load(x_ptr + places), out_ptr))


@triton.jit
def _multiply(a_ptr, b_ptr, like_ptr, out_ptr, N: tl.constexpr):
    places = tl.arange(0, N)[:, None] * N + tl.arange(0, N)[None, :]
    a, b = tl.load(a_ptr + places).to(tl.float32), tl.load(b_ptr + places).to(tl.float32)
    tl.store(out_ptr + places, product(a, b, tl.zeros((N, N), tl.float32), like_ptr))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_a_store_rounds_as_torch_does(device: torch.device, dtype: torch.dtype) -> None:
    x = torch.randn(1024, generator=torch.Generator().manual_seed(3))
    # Halfway between two bfloat16 values, above an even and an odd one; the infinities; no number.
    x[:6] = torch.tensor([1 + 2**-8, 1 + 3 * 2**-8, float("inf"), float("-inf"), float("nan"), -(1 + 2**-8)])
    out = torch.empty(1024, dtype=dtype, device=device)
    _round[(1,)](x.to(device), out, 1024)
    torch.testing.assert_close(out.cpu(), x.to(dtype), rtol=0, atol=0, equal_nan=True)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_product_sums_in_float32(device: torch.device, dtype: torch.dtype) -> None:
    generator = torch.Generator().manual_seed(4)
    a, b = (torch.randn(32, 32, generator=generator).to(device) for _ in range(2))
    out = torch.empty(32, 32, device=device)
    _multiply[(1,)](a, b, torch.empty(1, dtype=dtype, device=device), out, 32)
    wanted = a.to(dtype).double() @ b.to(dtype).double()
    torch.testing.assert_close(out.double(), wanted, rtol=1e-5, atol=1e-5)
