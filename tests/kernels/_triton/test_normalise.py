import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mellum_ls.kernels._triton.normalise import normalise
from mellum_ls.kernels.rms_norm import rms_norm_reference
from tests.kernels._triton.poisoned import Poisoned


@settings(max_examples=12)
@given(
    rows=st.integers(1, 16),
    columns=st.sampled_from([20, 64, 257, 300]),
    dtype=st.sampled_from([torch.float32, torch.bfloat16]),
    seed=st.integers(0, 999),
)
def test_equals_the_reference(device: torch.device, rows: int, columns: int, dtype: torch.dtype, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(rows, columns, generator=generator).to(dtype)
    norm = torch.randn(columns, generator=generator).to(dtype)
    buffers = Poisoned(device)
    out = buffers.empty(rows, columns, dtype=dtype)
    normalise("norm", buffers.holding(x), buffers.holding(norm), out, 1e-6).run()
    wanted = rms_norm_reference(x.double(), norm.double(), 1e-6)
    # One rounding of the result; the reference rounds twice where it is bfloat16, which is why it runs in float64.
    atol = 1e-5 if dtype == torch.float32 else float(wanted.abs().amax()) * 2**-8
    torch.testing.assert_close(out.cpu().double(), wanted, rtol=0, atol=atol)
    buffers.check_margins()
