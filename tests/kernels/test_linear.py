import pytest
import torch

from mellum_ls.kernels.linear import linear
from mellum_ls.kernels.packing import FORMATS, Format, pack, unpack


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("tokens", [1, 5])
def test_equals_the_product_with_what_the_codes_stand_for(format: Format, tokens: int) -> None:
    generator = torch.Generator().manual_seed(tokens)
    x, weight = torch.randn(tokens, 128, generator=generator), torch.randn(7, 128, generator=generator)
    packed = pack(weight, format, 32)
    wanted = (x.double() @ unpack(packed, torch.float64).T).float()
    torch.testing.assert_close(linear(x, packed), wanted, rtol=1e-5, atol=1e-5)
    assert linear(x.bfloat16(), packed).dtype == torch.bfloat16
