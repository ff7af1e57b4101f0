"""Rotary position embedding in the rotate-half layout. Does not know how the angles are made."""

import torch
from torch import Tensor

from mellum_ls.kernels.dispatch import Op


def apply_rope_reference(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotate the pairs (x[i], x[i + D/2]) of every head by the angles of the token's position.

    x [T, heads, D]; cos and sin [T, 1, D] in the dtype of x. The halves of the last dimension are equal in cos and
    opposite in sin, its first half the negated one. Any scaling of the attention (YaRN) is already in both (Su et al.
    2021, arXiv 2104.09864).
    """
    return torch.addcmul(x * cos, x.roll(x.shape[-1] // 2, dims=-1), sin)


apply_rope = Op("apply_rope", apply_rope_reference)
