import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from mellum_ls.kernels._triton.route import Routed, room_for_routes, route
from mellum_ls.kernels.rms_norm import rms_norm_reference
from tests.kernels._triton.poisoned import Poisoned

EPS = 1e-6


def poisoned(buffers: Poisoned, rows: int, hidden: int, experts: int, top_k: int, dtype: torch.dtype) -> Routed:
    """Room whose outputs and scratch hold nonsense, except for the counters, which must be 0."""
    return Routed(
        normed=buffers.empty(rows, hidden, dtype=dtype),
        shares=buffers.empty(rows, top_k, dtype=torch.float32),
        chosen=buffers.empty(rows, top_k, dtype=torch.int32),
        hit=buffers.empty(min(experts, rows * top_k), dtype=torch.int32),
        count=buffers.empty(1, dtype=torch.int32),
        logits=buffers.empty(rows, experts, dtype=torch.float32),
        counters=buffers.holding(torch.zeros(rows + 1, dtype=torch.int32)),
    )


def check_hit(found: Routed) -> None:
    count = int(found.count.item())
    assert found.hit[:count].tolist() == found.chosen.unique().tolist()
    assert found.counters.eq(0).all()


@settings(max_examples=12)
@given(
    rows=st.sampled_from([1, 2, 5, 16]),
    hidden=st.sampled_from([20, 64, 300]),
    sizes=st.sampled_from([(6, 2), (16, 6), (64, 8), (40, 1), (5, 5)]),
    dtype=st.sampled_from([torch.float32, torch.bfloat16]),
    normalise=st.booleans(),
    seed=st.integers(0, 999),
)
def test_chooses_what_the_reference_chooses(
    device: torch.device, rows: int, hidden: int, sizes: tuple[int, int], dtype: torch.dtype, normalise: bool,
    seed: int,
) -> None:  # fmt: skip
    experts, top_k = sizes
    generator = torch.Generator().manual_seed(seed)
    x = (3 * torch.randn(rows, hidden, generator=generator)).to(dtype)
    norm = (1 + torch.randn(hidden, generator=generator) / 4).to(dtype)
    weight = torch.randn(experts, hidden, generator=generator) / hidden**0.5
    buffers = Poisoned(device)
    found = poisoned(buffers, rows, hidden, experts, top_k, dtype)
    launch = route(
        buffers.holding(x), buffers.holding(norm), buffers.holding(weight), found, eps=EPS, normalise=normalise,
        each=16,
    )  # fmt: skip
    for _ in range(2):  # as a graph that is replayed
        launch.run()
        normed = rms_norm_reference(x, norm, EPS)
        torch.testing.assert_close(found.normed.cpu(), normed, rtol=1e-5 if dtype == torch.float32 else 0.01, atol=1e-6)
        # In float64, of the very rows that the kernel has put out.
        probabilities = (found.normed.cpu().double() @ weight.double().T).softmax(dim=-1)
        shares, chosen = probabilities.topk(top_k)
        if normalise:
            shares = shares / shares.sum(dim=-1, keepdim=True)
        assert found.chosen.tolist() == chosen.tolist()
        torch.testing.assert_close(found.shares.cpu().double(), shares, rtol=1e-5, atol=1e-6)
        check_hit(found)
        buffers.check_margins()


def run(device: torch.device, x: Tensor, weight: Tensor, top_k: int) -> Routed:
    found = poisoned(Poisoned(device), len(x), x.shape[1], len(weight), top_k, torch.float32)
    norm = torch.ones(x.shape[1], device=device)
    route(x.to(device), norm, weight.to(device), found, eps=EPS, normalise=True).run()
    return found


@pytest.mark.parametrize("rows", [1, 3])
def test_of_equal_experts_the_lower_comes_first(device: torch.device, rows: int) -> None:
    weight = torch.ones(9, 32)
    weight[7] = 2
    found = run(device, torch.ones(rows, 32), weight, 4)
    assert found.chosen.tolist() == [[7, 0, 1, 2]] * rows
    assert (found.hit.tolist()[:4], found.count.item()) == ([0, 1, 2, 7], 4)


@pytest.mark.parametrize("rows", [1, 3])
def test_a_stream_that_is_no_number_still_names_experts_that_exist(device: torch.device, rows: int) -> None:
    found = run(device, torch.full((rows, 32), float("nan")), torch.ones(9, 32), 4)
    assert found.chosen.tolist() == [[0, 1, 2, 3]] * rows
    check_hit(found)


def test_room_is_made_for_what_can_be_hit() -> None:
    one, many = (room_for_routes(rows, 20, 6, 2, torch.float32, torch.device("cpu")) for rows in (1, 16))
    assert (one.hit.numel(), many.hit.numel()) == (2, 6)
    assert many.counters.tolist() == [0] * 17


def test_the_bytes_are_those_of_its_tensors() -> None:
    meta = torch.device("meta")
    x = torch.empty(4, 2304, dtype=torch.bfloat16, device=meta)
    weight = torch.empty(64, 2304, device=meta)
    launch = route(x, x[0], weight, room_for_routes(4, 2304, 64, 8, x.dtype, meta), eps=EPS, normalise=True)
    assert launch.reads == 5 * 2304 * 2 + 64 * 2304 * 4 + 4 * 64 * 4
    assert launch.writes == 4 * (2304 * 2 + 8 * 8 + 64 * 4) + 4 * 32 + 4
    assert launch.grid == (32, 4)
