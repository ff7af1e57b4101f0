"""Muon for hidden matrices beside AdamW for everything else (embeddings, head, router, norms).

Muon: Jordan et al. 2024, "Muon: An optimizer for hidden layers"; scale 0.2*sqrt(max side) and shared weight decay:
Moonlight (arXiv 2502.16982), as Mellum2 was trained. Stacked experts [E, I, H] are orthogonalised matrix by matrix.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

_COEFFICIENTS = (3.4445, -4.7750, 2.0315)


def orthogonalise(gradient: Tensor, steps: int = 5) -> Tensor:
    """Quintic Newton-Schulz iteration: the nearest semi-orthogonal matrix, roughly. gradient [..., rows, columns]."""
    a, b, c = _COEFFICIENTS
    x: Tensor = gradient.bfloat16() if gradient.is_cuda else gradient.float()
    tall = x.size(-2) > x.size(-1)
    x = x.mT if tall else x
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(steps):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    result: Tensor = x.mT if tall else x
    return result


class Muon(torch.optim.Optimizer):
    """Momentum, orthogonalised. Parameters of one shape are updated together in one batched iteration."""

    def __init__(
        self, parameters: list[nn.Parameter], lr: float, momentum: float = 0.95, weight_decay: float = 0.1
    ) -> None:
        by_shape: dict[torch.Size, list[nn.Parameter]] = {}
        for parameter in parameters:
            by_shape.setdefault(parameter.shape, []).append(parameter)
        groups = [{"params": group} for group in by_shape.values()]
        super().__init__(groups, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """One update of every parameter that has a gradient."""
        for group in self.param_groups:
            parameters: list[Tensor] = group["params"]
            gradients: list[Tensor] = []
            momenta: list[Tensor] = []
            for parameter in parameters:
                assert parameter.grad is not None
                state = self.state[parameter]
                if "momentum" not in state:
                    state["momentum"] = torch.zeros_like(parameter)
                gradients.append(parameter.grad)
                momenta.append(state["momentum"])
            torch._foreach_lerp_(momenta, gradients, 1 - group["momentum"])
            nesterov = torch._foreach_lerp(gradients, momenta, group["momentum"])
            update = orthogonalise(torch.stack(list(nesterov))).float()
            scale = 0.2 * max(update.shape[-2:]) ** 0.5
            torch._foreach_mul_(parameters, 1 - group["lr"] * group["weight_decay"])
            torch._foreach_add_(parameters, list(update.unbind()), alpha=-group["lr"] * scale)
