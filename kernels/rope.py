"""Rotary position embedding in the rotate-half layout. Does not know how the angles are made."""

import torch
from torch import Tensor

from mellum_ls.kernels.dispatch import Op


def apply_rope_reference(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotate the pairs (x[i], x[i + D/2]) of every head by the angles of the token's position.

    x [T, heads, D]; cos and sin [T, 1, D] in the dtype of x, the two halves of the last dimension equal. Any scaling
    of the attention (YaRN) is already in cos and sin (Su et al. 2021, arXiv 2104.09864).
    """
    first, second = x.chunk(2, dim=-1)  # [T, heads, D/2] each
    rotated = torch.cat((-second, first), dim=-1)  # [T, heads, D]
    return torch.addcmul(x * cos, rotated, sin)


apply_rope = Op("apply_rope", apply_rope_reference)
