import torch

from mellum_ls.kernels import apply_rope


def angles(positions: torch.Tensor, head_dim: int) -> tuple[torch.Tensor, torch.Tensor]:
    half = torch.outer(positions.float(), 10_000.0 ** -(torch.arange(0, head_dim, 2) / head_dim))
    cos, sin = half.cos(), half.sin()
    return torch.cat((cos, cos), dim=-1)[:, None, :], torch.cat((-sin, sin), dim=-1)[:, None, :]


def test_pairs_are_turned_as_complex_numbers() -> None:
    x = torch.randn(5, 3, 8, generator=torch.Generator().manual_seed(1))
    cos, sin = angles(torch.arange(5), 8)
    numbers = torch.complex(x[..., :4], x[..., 4:]) * torch.complex(cos[..., :4], sin[..., 4:])
    torch.testing.assert_close(apply_rope(x, cos, sin), torch.cat((numbers.real, numbers.imag), dim=-1))


def test_scores_depend_on_the_distance_only() -> None:
    q, k = torch.randn(2, 1, 1, 16, generator=torch.Generator().manual_seed(2))
    near = (apply_rope(q, *angles(torch.tensor([9]), 16)) * apply_rope(k, *angles(torch.tensor([4]), 16))).sum()
    far = (apply_rope(q, *angles(torch.tensor([105]), 16)) * apply_rope(k, *angles(torch.tensor([100]), 16))).sum()
    torch.testing.assert_close(near, far, rtol=1e-4, atol=1e-4)
