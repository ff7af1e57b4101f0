import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mellum_ls.kernels._triton.matmul import Block, default_block, linear, matmul
from mellum_ls.kernels.packing import FORMATS, Format, Packed, pack, unpack
from tests.kernels._triton.poisoned import Poisoned

# Of the largest value: float32 sums against float64, and the rounding of the weights, and of the output, to the dtype.
TOLERANCE = {torch.float32: 2e-6, torch.float16: 2e-3, torch.bfloat16: 1.5e-2}


def laid_out(weight: Packed, buffers: Poisoned) -> Packed:
    scale = None if weight.scale is None else buffers.holding(weight.scale)
    return Packed(weight.format, buffers.holding(weight.data), weight.columns, scale, weight.group)


def error(found: torch.Tensor, x: torch.Tensor, weight: Packed) -> float:
    wanted = x.double() @ unpack(weight, torch.float64).T
    return float((found.cpu().double() - wanted).abs().amax() / wanted.abs().amax())


@settings(max_examples=10)
@given(
    rows=st.integers(17, 40),
    columns=st.sampled_from([20, 128, 200]),
    outputs=st.sampled_from([1, 37, 140]),
    block=st.sampled_from([(16, 16), (32, 32), (64, 32)]),
    format=st.sampled_from(FORMATS),
    group=st.sampled_from([16, 32, 64, 128]),
    dtype=st.sampled_from(list(TOLERANCE)),
    seed=st.integers(0, 999),
)
def test_equals_the_same_in_float64(
    device: torch.device, rows: int, columns: int, outputs: int, block: tuple[int, int],
    format: Format, group: int, dtype: torch.dtype, seed: int,
) -> None:  # fmt: skip
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(rows, columns, generator=generator).to(dtype)
    weight = pack(torch.randn(outputs, columns, generator=generator).to(dtype), format, group)
    buffers = Poisoned(device)
    out = buffers.empty(rows, outputs, dtype=dtype)
    width = 128 if format == "int4" else 64
    matmul("some", buffers.holding(x), laid_out(weight, buffers), out, Block(*block, width, 2, 2)).run()
    assert error(out, x, weight) < TOLERANCE[dtype]
    buffers.check_margins()


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("rows", [0, 1, 16, 17, 40])
def test_any_number_of_rows_has_a_kernel(device: torch.device, format: Format, rows: int) -> None:
    generator = torch.Generator().manual_seed(rows)
    x = torch.randn(rows, 2 * 96, generator=generator)[:, :96]  # rows that lie apart
    weight = pack(torch.randn(40, 96, generator=generator).to(device), format, 32)
    found = linear(x.to(device), weight)
    assert found.shape == (rows, 40)
    assert found.dtype == torch.float32
    if rows:
        on_cpu = Packed(format, weight.data.cpu(), 96, None if weight.scale is None else weight.scale.cpu(), 32)
        assert error(found, x, on_cpu) < TOLERANCE[torch.float32]


def test_rows_may_lie_apart_and_columns_may_not(device: torch.device) -> None:
    buffers = Poisoned(device)
    wide = torch.randn(20, 100, generator=torch.Generator().manual_seed(1))
    wide[:, 64:] = float("nan")
    weight = pack(torch.eye(64), "int8")
    out = buffers.empty(20, 64, dtype=torch.float32)
    matmul("some", buffers.holding(wide)[:, :64], laid_out(weight, buffers), out, Block(16, 16, 64, 1, 1)).run()
    torch.testing.assert_close(out.cpu(), wide[:, :64], rtol=1e-5, atol=1e-5)
    with pytest.raises(AssertionError, match="the columns of x lie apart"):
        matmul("some", wide.T[:64], weight, out, Block(16, 16, 64, 1, 1))


def test_a_cut_has_room_for_every_row_and_is_small_in_float32() -> None:
    weight = pack(torch.ones(4, 128), "int4", 32)
    assert [default_block(rows, weight, torch.bfloat16).rows for rows in (1, 17, 64, 65, 4096)] == [
        16,
        32,
        64,
        128,
        128,
    ]
    assert default_block(512, weight, torch.float32).outputs == 32


def test_the_bytes_are_those_of_its_tensors() -> None:
    meta = torch.device("meta")
    weight = Packed("int8", torch.empty(640, 256, dtype=torch.int8, device=meta), 256, torch.empty(640, device=meta))
    x, out = (torch.empty(33, width, dtype=torch.bfloat16, device=meta) for width in (256, 640))
    launch = matmul("some", x, weight, out, Block(32, 128, 64, 4, 3))
    assert (launch.reads, launch.writes) == (33 * 256 * 2 + 640 * 256 + 640 * 4, 33 * 640 * 2)
    assert launch.grid == (2 * 5,)
