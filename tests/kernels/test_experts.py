import pytest
import torch
from torch import Tensor

from mellum_ls.kernels import experts as op
from mellum_ls.kernels.experts import _by_expert, _gathered, _one_token
from mellum_ls.kernels.packing import FORMATS, Format, Packed, pack, unpack


def case(tokens: int, top_k: int, num_experts: int = 6) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(tokens * 10 + top_k)
    hidden, inner = 10, 7
    scores = torch.randn(tokens, num_experts, generator=generator)
    shares, chosen = scores.softmax(-1).topk(top_k)
    return (
        torch.randn(tokens, hidden, generator=generator),
        shares,
        chosen,
        torch.randn(num_experts, 2 * inner, hidden, generator=generator),
        torch.randn(num_experts, hidden, inner, generator=generator),
    )


def by_hand(x: Tensor, shares: Tensor, chosen: Tensor, gate_up: Tensor, down: Tensor) -> Tensor:
    x, shares, gate_up, down = x.double(), shares.double(), gate_up.double(), down.double()
    output = torch.zeros_like(x)
    for token in range(x.shape[0]):
        for slot, expert in enumerate(chosen[token].tolist()):
            gate, up = (gate_up[expert] @ x[token]).chunk(2)
            output[token] += shares[token, slot] * (down[expert] @ (gate * gate.sigmoid() * up))
    return output.float()


@pytest.mark.parametrize(("tokens", "top_k"), [(1, 1), (1, 4), (2, 3), (17, 1), (33, 6)])
def test_equals_one_expert_at_a_time(tokens: int, top_k: int) -> None:
    arguments = case(tokens, top_k)
    torch.testing.assert_close(op(*arguments), by_hand(*arguments), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("top_k", [1, 3])
def test_the_three_ways_agree(top_k: int) -> None:
    """On a CPU the gathering way is never taken by itself, and one token never goes the way of many."""
    arguments = case(1, top_k)
    for way in (_one_token, _gathered, _by_expert):
        torch.testing.assert_close(way(*arguments), by_hand(*arguments), rtol=1e-5, atol=1e-5)
    several = case(5, top_k)
    torch.testing.assert_close(_gathered(*several), by_hand(*several), rtol=1e-5, atol=1e-5)


def test_all_tokens_may_choose_the_same_expert() -> None:
    x, shares, chosen, gate_up, down = case(4, 1)
    chosen = torch.full_like(chosen, 5)
    found = op(x, shares, chosen, gate_up, down)
    torch.testing.assert_close(found, by_hand(x, shares, chosen, gate_up, down), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("tokens", [1, 17])
def test_packed_experts_are_what_their_codes_stand_for(format: Format, tokens: int) -> None:
    x, shares, chosen, gate_up, down = case(tokens, 3)
    packed = pack(gate_up, format, 32), pack(down, format, 32)
    wanted = by_hand(x, shares, chosen, *(unpack(weight, torch.float64) for weight in packed))
    torch.testing.assert_close(op(x, shares, chosen, *packed), wanted, rtol=1e-5, atol=1e-5)
    assert op(x.bfloat16(), shares.bfloat16(), chosen, *_in(torch.bfloat16, packed)).dtype == torch.bfloat16


def test_experts_that_were_not_hit_are_left_alone() -> None:
    x, shares, _, gate_up, down = case(4, 1)
    chosen = torch.tensor([[5], [2], [5], [2]])
    packed = [pack(weight, "int8") for weight in (gate_up, down)]
    wanted = op(x, shares, chosen, *packed)
    for weight in packed:
        assert weight.scale is not None
        weight.scale[[0, 1, 3, 4]] = float("nan")
    assert torch.equal(op(x, shares, chosen, *packed), wanted)
    assert wanted.isfinite().all()


def _in(dtype: torch.dtype, weights: tuple[Packed, ...]) -> list[Packed]:
    return [pack(weight.data.to(dtype), "float") if weight.format == "float" else weight for weight in weights]
