import pytest
import torch
from torch import Tensor

from mellum_ls.kernels import attention
from mellum_ls.kernels.attention import MOST_GROUPED, MOST_REMEMBERED

CASES = [
    pytest.param(queries, cached, window, heads, kv, id=f"T{queries}-S{queries + cached}-W{window}-{heads}x{kv}")
    for heads, kv in ((1, 1), (4, 2), (6, 1))
    for queries, cached in ((1, 0), (1, 1), (1, 37), (2, 0), (9, 0), (9, 30), (MOST_GROUPED + 1, 5))
    for window in (None, 1, 2, 8, 64)
]


def by_hand(q: Tensor, k: Tensor, v: Tensor, window: int | None) -> Tensor:
    """One query and one head at a time, in double precision."""
    q, k, v = q.double(), k.double(), v.double()
    output = torch.zeros_like(q)
    group = q.shape[1] // k.shape[1]
    for row in range(q.shape[0]):
        position = k.shape[0] - q.shape[0] + row
        first = 0 if window is None else max(0, position - window + 1)
        for head in range(q.shape[1]):
            keys, values = k[first : position + 1, head // group], v[first : position + 1, head // group]
            output[row, head] = (keys @ q[row, head] * q.shape[2] ** -0.5).softmax(0) @ values
    return output.float()


@pytest.mark.parametrize(("queries", "cached", "window", "heads", "kv"), CASES)
def test_equals_one_query_at_a_time(queries: int, cached: int, window: int | None, heads: int, kv: int) -> None:
    generator = torch.Generator().manual_seed(queries * 100 + cached)
    q = 3 * torch.randn(queries, heads, 8, generator=generator)
    k, v = torch.randn(2, queries + cached, kv, 8, generator=generator)
    torch.testing.assert_close(attention(q, k, v, window), by_hand(q, k, v, window), rtol=1e-5, atol=1e-5)


def test_keys_in_a_wider_store_may_be_read_in_place() -> None:
    """The cache hands out views of a larger buffer whose unused rows hold anything."""
    generator = torch.Generator().manual_seed(5)
    store = torch.full((2, 50, 2, 8), float("nan"))
    store[:, :20] = torch.randn(2, 20, 2, 8, generator=generator)
    q = torch.randn(3, 4, 8, generator=generator)
    found = attention(q, store[0, :20], store[1, :20], 7)
    torch.testing.assert_close(found, by_hand(q, store[0, :20], store[1, :20], 7), rtol=1e-5, atol=1e-5)


def test_a_mask_too_large_to_keep_is_the_same_mask() -> None:
    generator = torch.Generator().manual_seed(6)
    positions = MOST_REMEMBERED // 4 + 100  # the two queries of each of the two heads see more than may be kept
    q = 3 * torch.randn(2, 2, 4, generator=generator)
    k, v = torch.randn(2, positions, 1, 4, generator=generator)
    torch.testing.assert_close(attention(q, k, v, 50), by_hand(q, k, v, 50), rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(attention(q, k, v), by_hand(q, k, v, None), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_mask_made_without_gradients_serves_with_them(dtype: torch.dtype) -> None:
    generator = torch.Generator().manual_seed(7)
    q, k, v = torch.randn(3, 6, 2, 8, generator=generator).to(dtype)
    with torch.inference_mode():
        wanted = attention(q, k, v, 3).clone()
    q = q.clone().requires_grad_()
    found = attention(q, k, v, 3)
    found.sum().backward()
    assert q.grad is not None
    torch.testing.assert_close(found.detach(), wanted)
