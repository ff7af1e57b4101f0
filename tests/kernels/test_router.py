import pytest
import torch

from mellum_ls.kernels import route


@pytest.mark.parametrize("normalise", [True, False])
def test_shares_are_those_of_the_softmax_over_all_experts(normalise: bool) -> None:
    generator = torch.Generator().manual_seed(1)
    x, weight = torch.randn(7, 12, generator=generator), torch.randn(9, 12, generator=generator)
    shares, chosen = route(x, weight, 3, normalise)
    whole = (x.double() @ weight.double().T).softmax(-1)
    wanted = whole.gather(1, chosen)
    if normalise:
        wanted = wanted / wanted.sum(-1, keepdim=True)
    assert torch.equal(chosen, whole.topk(3).indices)
    torch.testing.assert_close(shares.double(), wanted, rtol=1e-5, atol=1e-6)


def test_near_ties_are_told_apart_in_bfloat16() -> None:
    """Expert 1 is ahead by a thousandth; rounded to bfloat16 the two logits would be equal."""
    x = torch.ones(1, 2, dtype=torch.bfloat16)
    weight = torch.tensor([[4.0, 4.0], [4.0, 4.001], [0.0, 0.0]])
    shares, chosen = route(x, weight, 1, True)
    assert chosen.tolist() == [[1]]
    assert shares.dtype == torch.bfloat16
