import pytest
import torch
import triton
import triton.language as tl
from torch import Tensor

from mellum_ls.kernels._triton.softmax import NOTHING, absorb

INF = float("inf")


@triton.jit
def _soften(
    scores_ptr, values_ptr, sums_ptr, total_ptr, TILES: tl.constexpr, M: tl.constexpr, N: tl.constexpr, D: tl.constexpr
):  # fmt: skip
    rows, keys, dims = tl.arange(0, M), tl.arange(0, N), tl.arange(0, D)
    most = tl.full((M,), NOTHING, tl.float32)
    total = tl.zeros((M,), tl.float32)
    sums = tl.zeros((M, D), tl.float32)
    for tile in range(TILES):
        key = tile * N + keys
        scores = tl.load(scores_ptr + rows[:, None] * (TILES * N) + key[None, :])
        values = tl.load(values_ptr + key[:, None] * D + dims[None, :])
        most, total, sums = absorb(scores, values, most, total, sums, values_ptr)
    tl.store(sums_ptr + rows[:, None] * D + dims[None, :], sums)
    tl.store(total_ptr + rows, total)


def soften(scores: Tensor, values: Tensor, device: torch.device) -> tuple[Tensor, Tensor]:
    """Sums [16, 16] and totals [16] of the softmax, in tiles of sixteen keys."""
    sums, total = torch.empty(16, 16, device=device), torch.empty(16, device=device)
    _soften[(1,)](scores.to(device), values.to(device), sums, total, scores.shape[1] // 16, 16, 16, 16)
    return sums.cpu(), total.cpu()


@pytest.mark.parametrize("hidden", ["none", "first", "last", "scattered"])
def test_tiles_one_after_the_other_are_one_softmax(device: torch.device, hidden: str) -> None:
    generator = torch.Generator().manual_seed(5)
    scores, values = 40 * torch.randn(16, 64, generator=generator), torch.randn(64, 16, generator=generator)
    if hidden == "first":  # a whole tile, of which nothing must be left but what comes after it
        scores[:, :16] = -INF
    elif hidden == "last":
        scores[:, 48:] = -INF
    elif hidden == "scattered":
        scores[torch.rand(16, 64, generator=generator) < 0.7] = -INF
        scores[:, 20] = 0
    sums, total = soften(scores, values, device)
    wanted = (scores.double() * torch.tensor(2.0).log().double()).softmax(dim=1) @ values.double()
    torch.testing.assert_close((sums / total[:, None]).double(), wanted, rtol=1e-5, atol=1e-5)


def test_a_row_that_sees_nothing_stays_empty(device: torch.device) -> None:
    scores = torch.zeros(16, 32)
    scores[3] = -INF
    sums, total = soften(scores, torch.ones(32, 16), device)
    there = torch.arange(16) != 3
    assert (sums[3] == 0).all()
    assert total[3] == 0
    assert (sums[there] == 32).all()
    assert (total[there] == 32).all()
