import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from mellum_ls.kernels._triton.flash import Tile, attention, default_tile, flash
from mellum_ls.kernels.attention import attention_reference
from tests.kernels._triton.poisoned import Poisoned

TOLERANCE = {torch.float32: 2e-6, torch.bfloat16: 1.5e-2, torch.float16: 2e-3}
EXTRA = 5  # rows of the store behind the positions


def exact(q: Tensor, k: Tensor, v: Tensor, window: int | None) -> Tensor:
    """In float64, from what is seen alone."""
    q, k, v = q.double(), k.double(), v.double()
    out, group = torch.zeros_like(q), q.shape[1] // k.shape[1]
    for token in range(q.shape[0]):
        position = k.shape[0] - q.shape[0] + token
        start = 0 if window is None else max(0, position - window + 1)
        keys, values = (x[start : position + 1].repeat_interleave(group, dim=1) for x in (k, v))
        scores = torch.einsum("hd,khd->hk", q[token], keys) * q.shape[2] ** -0.5
        out[token] = torch.einsum("hk,khd->hd", scores.softmax(dim=1), values)
    return out


def check(
    device: torch.device, tokens: int, past: int, window: int | None, heads: tuple[int, int] = (4, 2),
    head_dim: int = 16, dtype: torch.dtype = torch.float32, tile: Tile | None = None, seed: int = 0,
) -> None:  # fmt: skip
    """Queries and keys are parts of larger stores; what no query may see is NaN."""
    tile = tile or Tile(16, 16, 1, 2)
    generator, positions = torch.Generator().manual_seed(seed), past + tokens
    store = torch.randn(2, positions + EXTRA, heads[1], head_dim, generator=generator)
    store[:, positions:] = float("nan")
    if window is not None:
        store[:, : max(0, past - window + 1)] = float("nan")
    buffers = Poisoned(device)
    k, v = (buffers.holding(part.to(dtype))[:positions] for part in store)
    wide = torch.full((tokens, heads[0] + heads[1], head_dim), float("nan"))
    wide[:, : heads[0]] = torch.randn(tokens, heads[0], head_dim, generator=generator)
    q = buffers.holding(wide.to(dtype))[:, : heads[0]]
    out = buffers.empty(tokens, heads[0], head_dim, dtype=dtype)
    flash("flash", q, k, v, out, tile, window=window).run()
    wanted = exact(q.cpu(), k.cpu(), v.cpu(), window)
    assert (out.cpu().double() - wanted).abs().amax() / wanted.abs().amax() < TOLERANCE[dtype]
    buffers.check_margins()


@settings(max_examples=14)
@given(
    tokens=st.integers(1, 33),
    past=st.sampled_from([0, 1, 15, 16, 17, 47]),
    window=st.sampled_from([None, 1, 2, 15, 16, 17, 32, 33]),
    heads=st.sampled_from([(1, 1), (2, 1), (4, 1), (8, 1), (6, 2)]),
    head_dim=st.sampled_from([16, 32]),
    dtype=st.sampled_from(list(TOLERANCE)),
    tile=st.sampled_from([Tile(16, 16, 1, 2), Tile(32, 16, 2, 2), Tile(16, 32, 1, 2)]),
    seed=st.integers(0, 999),
)
def test_equals_the_same_in_float64(
    device: torch.device, tokens: int, past: int, window: int | None, heads: tuple[int, int], head_dim: int,
    dtype: torch.dtype, tile: Tile, seed: int,
) -> None:  # fmt: skip
    check(device, tokens, past, window, heads, head_dim, dtype, tile, seed)


@pytest.mark.parametrize("positions", [15, 16, 17])
@pytest.mark.parametrize("tokens", [1, 14, 15])
def test_at_the_edge_of_the_window(device: torch.device, positions: int, tokens: int) -> None:
    check(device, tokens, positions - tokens, 16, heads=(2, 1), seed=positions)


@pytest.mark.parametrize("tokens", [31, 32, 33])
def test_more_tokens_than_the_window(device: torch.device, tokens: int) -> None:
    check(device, tokens, 9, 32, heads=(1, 1), seed=tokens)


def test_one_key_hidden_from_one_token_is_an_edge(device: torch.device) -> None:
    """A program has two tokens of eight heads: the second no longer sees the first key of a tile that is seen else."""
    check(device, 4, 60, 33, heads=(8, 1))


def test_a_group_larger_than_the_tile(device: torch.device) -> None:
    check(device, 3, 4, None, heads=(20, 1))


def test_it_takes_the_place_of_the_reference(device: torch.device) -> None:
    generator = torch.Generator().manual_seed(2)
    q, kv = torch.randn(20, 4, 16, generator=generator), torch.randn(2, 30, 2, 16, generator=generator)
    apart = kv[1].transpose(0, 1).contiguous().transpose(0, 1)  # values that lie otherwise than keys
    for values in (kv[1], apart):
        found = attention(q.to(device), kv[0].to(device), values.to(device), 12).cpu()
        torch.testing.assert_close(found, attention_reference(q, kv[0], kv[1], 12), rtol=1e-5, atol=1e-5)


def test_dimensions_that_lie_apart_are_put_together(device: torch.device) -> None:
    x = torch.randn(3, 16, 20, 2, generator=torch.Generator().manual_seed(3)).permute(0, 2, 3, 1)
    found = attention(*(part.to(device) for part in x)).cpu()
    torch.testing.assert_close(found, attention_reference(*x), rtol=1e-5, atol=1e-5)


def test_a_head_that_no_tensor_core_takes_goes_to_the_reference(device: torch.device) -> None:
    q, k, v = torch.randn(3, 20, 2, 12, generator=torch.Generator().manual_seed(4)).to(device)
    torch.testing.assert_close(attention(q, k, v), attention_reference(q, k, v))


def test_the_grid_has_each_query_once() -> None:
    q, kv = torch.empty(500, 32, 128, device="meta"), torch.empty(700, 4, 128, device="meta")
    launch = flash("flash", q, kv, kv, q, Tile(128, 64, 8), window=100)
    assert launch.grid == (32, 4)  # of sixteen tokens with eight heads each
    assert launch.reads == q.nbytes + 2 * (100 + 500 - 1) * 4 * 128 * 4


@pytest.mark.parametrize("capability", [80, 90, 120])
def test_few_queries_are_cut_smaller(capability: int) -> None:
    few, many = (default_tile(tokens, 32, 128, torch.bfloat16, capability) for tokens in (64, 2048))
    assert few.rows < many.rows
