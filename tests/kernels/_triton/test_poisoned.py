"""The watch over buffers is watched: a kernel that goes one element too far is caught, whichever way it goes."""

import pytest
import torch
import triton
import triton.language as tl
from torch import Tensor

from tests.kernels._triton.poisoned import Poisoned

COUNT = 37  # of a tile of 64: the rest must be masked out


@triton.jit
def _doubled(x_ptr, out_ptr, n, FIRST: tl.constexpr, TOO_FAR: tl.constexpr):
    """out[i] = 2 x[i], from FIRST on and TOO_FAR elements beyond the last."""
    places = FIRST + tl.arange(0, 64)
    x = tl.load(x_ptr + places, mask=(places >= 0) & (places < n), other=0)
    tl.store(out_ptr + places, 2 * x, mask=places < n + TOO_FAR)


@triton.jit
def _summed(x_ptr, out_ptr, n, FIRST: tl.constexpr, TOO_FAR: tl.constexpr):
    """out[0] = the sum of x, from FIRST on and TOO_FAR elements beyond the last."""
    places = FIRST + tl.arange(0, 64)
    x = tl.load(x_ptr + places, mask=places < n + TOO_FAR, other=0)
    tl.store(out_ptr, tl.sum(x, axis=0))


@triton.jit
def _shifted(x_ptr, out_ptr, n, BY: tl.constexpr):
    """out[i] = x[i + BY], which is outside for one i, as nobody has thought of."""
    places = tl.arange(0, 64)
    x = tl.load(x_ptr + places + BY, mask=places < n, other=0)
    tl.store(out_ptr + places, x, mask=places < n)


def doubled(buffers: Poisoned, values: Tensor, first: int, too_far: int) -> Tensor:
    x, out = buffers.holding(values), buffers.empty(COUNT, dtype=values.dtype)
    _doubled[(1,)](x, out, COUNT, FIRST=first, TOO_FAR=too_far)
    return out


def summed(buffers: Poisoned, values: Tensor, first: int, too_far: int) -> Tensor:
    x, out = buffers.holding(values), buffers.empty(1, dtype=values.dtype)
    _summed[(1,)](x, out, COUNT, FIRST=first, TOO_FAR=too_far)
    return out


@pytest.fixture
def buffers(device: torch.device) -> Poisoned:
    return Poisoned(device)


@pytest.fixture(params=[torch.float32, torch.int32], ids=["float32", "int32"])
def values(request: pytest.FixtureRequest) -> Tensor:
    return torch.arange(1, COUNT + 1).to(request.param)


def test_a_kernel_that_keeps_to_its_buffers_passes(buffers: Poisoned, values: Tensor) -> None:
    assert torch.equal(doubled(buffers, values, 0, 0).cpu(), 2 * values)
    assert summed(buffers, values, 0, 0).item() == values.sum().item()
    buffers.check_margins()


@pytest.mark.parametrize(("first", "too_far"), [(0, 1), (-1, 0)], ids=["behind", "before"])
def test_one_element_written_outside_is_caught(buffers: Poisoned, values: Tensor, first: int, too_far: int) -> None:
    out = doubled(buffers, values, first, too_far)
    assert torch.equal(out.cpu(), 2 * values)  # by its result alone nobody would notice
    with pytest.raises(AssertionError, match="wrote outside of its buffer"):
        buffers.check_margins()


@pytest.mark.parametrize(("first", "too_far"), [(0, 1), (-1, 0)], ids=["behind", "before"])
def test_one_element_read_outside_spoils_the_result(buffers: Poisoned, first: int, too_far: int) -> None:
    assert summed(buffers, torch.ones(COUNT), first, too_far).isnan().item()
    buffers.check_margins()


@pytest.mark.parametrize(("by", "spoilt"), [(1, COUNT - 1), (-1, 0)], ids=["behind", "before"])
def test_an_element_read_outside_is_no_likely_one(buffers: Poisoned, values: Tensor, by: int, spoilt: int) -> None:
    x, out = buffers.holding(values), buffers.empty(COUNT, dtype=values.dtype)
    _shifted[(1,)](x, out, COUNT, BY=by)
    wanted = values.roll(-by)
    wanted[spoilt] = float("nan") if values.is_floating_point() else torch.iinfo(values.dtype).max
    assert torch.equal(out.cpu().nan_to_num(-1), wanted.nan_to_num(-1))
    buffers.check_margins()


def test_what_a_kernel_leaves_out_shows(buffers: Poisoned) -> None:
    out = doubled(buffers, torch.ones(COUNT), 0, -1)
    assert out.isnan().tolist() == [False] * (COUNT - 1) + [True]
    buffers.check_margins()
