import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mellum_ls.kernels._triton.project import project
from mellum_ls.kernels._triton.projection import Tile
from mellum_ls.kernels.packing import FORMATS, Format, Packed, pack, unpack
from tests.kernels._triton.poisoned import Poisoned

# Of the largest value: a float32 sum against one in float64, and one rounding to eight bits of mantissa besides those
# of the operands.
TOLERANCE = {torch.float32: 2e-6, torch.bfloat16: 1.5e-2}
EPS = 1e-6


@settings(max_examples=12)
@given(
    rows=st.integers(1, 16),
    columns=st.sampled_from([64, 100, 160, 320]),
    outputs=st.sampled_from([1, 16, 37]),
    format=st.sampled_from(FORMATS),
    dtype=st.sampled_from(list(TOLERANCE)),
    normed=st.booleans(),
    added=st.booleans(),
    seed=st.integers(0, 999),
)
def test_equals_the_same_in_float64(
    device: torch.device, rows: int, columns: int, outputs: int, format: Format, dtype: torch.dtype,
    normed: bool, added: bool, seed: int,
) -> None:  # fmt: skip
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(rows, columns, generator=generator).to(dtype)
    norm = (1 + torch.randn(columns, generator=generator) / 4).to(dtype)
    residual = torch.randn(rows, outputs, generator=generator).to(dtype)
    weight = pack(torch.randn(outputs, columns, generator=generator).to(dtype), format, 32)
    buffers = Poisoned(device)
    out = buffers.empty(rows, outputs, dtype=dtype)
    project(
        "some", buffers.holding(x), buffers.packed(weight), out, Tile(16, 32, warps=2),
        norm=buffers.holding(norm) if normed else None, eps=EPS, residual=buffers.holding(residual) if added else None,
    ).run()  # fmt: skip
    exact = x.double()
    if normed:
        exact = exact / (exact.pow(2).mean(dim=-1, keepdim=True) + EPS).sqrt() * norm.double()
    wanted = exact @ unpack(weight, torch.float64).T + (residual.double() if added else 0)
    error = (out.cpu().double() - wanted).abs().amax() / wanted.abs().amax()
    assert error < TOLERANCE[dtype]
    buffers.check_margins()


def test_the_residual_may_be_where_the_output_goes(device: torch.device) -> None:
    x, weight, stream = torch.ones(2, 64), torch.eye(64), torch.full((2, 64), 5.0)
    stream = stream.to(device)
    project("some", x.to(device), pack(weight.to(device), "float"), stream, Tile(16, 32, 1), residual=stream).run()
    assert (stream == 6).all()


def test_the_bytes_are_those_of_its_tensors() -> None:
    meta = torch.device("meta")
    weight = Packed("float", torch.empty(5120, 2304, dtype=torch.bfloat16, device=meta), 2304)
    x, out = (torch.empty(1, width, dtype=torch.bfloat16, device=meta) for width in (2304, 5120))
    launch = project("qkv", x, weight, out, Tile(16, 256, 4), norm=x[0], eps=EPS)
    assert (launch.reads, launch.writes) == (2 * 2304 * 5120 + 2 * 2 * 2304, 2 * 5120)
    assert launch.grid == (320,)


@pytest.mark.parametrize("rows", [1, 2, 16])
def test_rows_that_are_not_there_are_not_read(device: torch.device, rows: int) -> None:
    """The tile has sixteen rows; behind those of x lies poison, which 0 times would still be NaN."""
    buffers = Poisoned(device)
    out = buffers.empty(rows, 3, dtype=torch.float32)
    weight = buffers.packed(pack(torch.ones(3, 64), "int8"))
    project("some", buffers.holding(torch.ones(rows, 64)), weight, out, Tile(16, 64, 1)).run()
    torch.testing.assert_close(out.cpu(), torch.full((rows, 3), 64.0))
