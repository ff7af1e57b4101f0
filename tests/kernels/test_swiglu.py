import pytest
import torch

from mellum_ls.kernels import swiglu


@pytest.mark.parametrize("tokens", [1, 9])
def test_equals_the_formula(tokens: int) -> None:
    generator = torch.Generator().manual_seed(tokens)
    x = torch.randn(tokens, 12, generator=generator)
    gate, up = torch.randn(2, 20, 12, generator=generator)
    down = torch.randn(12, 20, generator=generator)
    inner = x.double() @ gate.double().T
    wanted = (inner * inner.sigmoid() * (x.double() @ up.double().T)) @ down.double().T
    found = swiglu(x, torch.cat((gate, up)), down)
    torch.testing.assert_close(found, wanted.float(), rtol=1e-4, atol=1e-4)
