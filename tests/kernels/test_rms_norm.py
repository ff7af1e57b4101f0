import pytest
import torch

from mellum_ls.kernels import rms_norm


@pytest.mark.parametrize("shape", [(1, 7), (5, 64), (3, 6, 16)])
def test_equals_the_formula_in_double_precision(shape: tuple[int, ...]) -> None:
    generator = torch.Generator().manual_seed(1)
    x, weight = torch.randn(shape, generator=generator), torch.randn(shape[-1], generator=generator)
    x64 = x.double()
    wanted = x64 / (x64.pow(2).mean(-1, keepdim=True) + 1e-6).sqrt() * weight.double()
    torch.testing.assert_close(rms_norm(x, weight, 1e-6), wanted.float())


def test_statistics_are_taken_in_float32() -> None:
    """A sum of ones in bfloat16 stops growing at 256."""
    x = torch.ones(1, 1000, dtype=torch.bfloat16)
    found = rms_norm(x, torch.ones(1000, dtype=torch.bfloat16), 1e-6)
    assert found.dtype == torch.bfloat16
    assert torch.equal(found, x)


def test_the_input_is_left_alone() -> None:
    x = torch.randn(2, 8, generator=torch.Generator().manual_seed(2))
    before = x.clone()
    rms_norm(x, torch.full((8,), 3.0), 1e-6)
    assert torch.equal(x, before)


def test_one_weight_row_for_each_head() -> None:
    generator = torch.Generator().manual_seed(3)
    x, weight = torch.randn(4, 3, 8, generator=generator), torch.randn(3, 8, generator=generator)
    found = rms_norm(x, weight, 1e-6)
    for head in range(3):
        torch.testing.assert_close(found[:, head], rms_norm(x[:, head], weight[head], 1e-6))


def test_the_normalised_value_is_rounded_before_the_weight() -> None:
    generator = torch.Generator().manual_seed(4)
    x, weight = torch.randn(2, 64, 96, generator=generator).to(torch.bfloat16)
    x32 = x.float()
    rounded = (x32 * torch.rsqrt(x32.pow(2).mean(-1, keepdim=True) + 1e-6)).to(torch.bfloat16)
    assert torch.equal(rms_norm(x, weight, 1e-6), rounded * weight)
