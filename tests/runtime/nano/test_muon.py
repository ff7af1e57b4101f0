"""The optimiser for hidden matrices."""

import torch
from torch import nn

from mellum_ls.runtime.nano.muon import Muon, orthogonalise


def test_orthogonalise_brings_singular_values_near_one() -> None:
    torch.manual_seed(0)
    for shape in ((8, 20), (20, 8), (3, 16, 16)):
        values = torch.linalg.svdvals(orthogonalise(torch.randn(*shape)))
        assert values.min() > 0.3, shape
        assert values.max() < 1.3, shape


def test_it_minimises() -> None:
    torch.manual_seed(0)
    target, inputs = torch.randn(12, 6), torch.randn(64, 6)
    weight = nn.Parameter(torch.zeros(12, 6))
    optimiser = Muon([weight], lr=0.3, weight_decay=0.0)

    def loss() -> torch.Tensor:
        return (inputs @ (weight - target).T).square().mean()

    first = loss().item()
    for step in range(150):
        optimiser.param_groups[0]["lr"] = 0.3 * (1 - step / 150)
        optimiser.zero_grad()
        loss().backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    assert loss().item() < 0.02 * first


def test_stacked_experts_are_updated_one_by_one() -> None:
    torch.manual_seed(0)
    stacked = nn.Parameter(torch.zeros(2, 4, 6))
    alone = [nn.Parameter(torch.zeros(1, 4, 6)) for _ in range(2)]
    gradient = torch.randn(2, 4, 6)
    stacked.grad = gradient.clone()
    for index, parameter in enumerate(alone):
        parameter.grad = gradient[index : index + 1].clone()
        Muon([parameter], lr=0.1).step()
    Muon([stacked], lr=0.1).step()
    torch.testing.assert_close(stacked.data, torch.cat([p.data for p in alone]))
