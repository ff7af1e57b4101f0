"""Chooses the experts of each token and their shares. Knows nothing of what an expert computes."""

import torch
from torch import Tensor
from torch.nn.functional import linear

from mellum_ls.kernels.dispatch import Op


def route_reference(x: Tensor, weight: Tensor, top_k: int, normalise: bool) -> tuple[Tensor, Tensor]:
    """Return (shares [T, top_k] in the dtype of x, experts [T, top_k] int64), largest share first.

    x [T, H]; weight [E, H] float32. Logits and softmax are float32 whatever the dtype of x: two experts are
    often close enough to swap in bfloat16, and the model was trained with a float32 router. With `normalise` the
    chosen shares sum to 1.
    """
    shares, chosen = torch.topk(linear(x.float(), weight).softmax(dim=-1), top_k, dim=-1)
    if normalise:
        shares = shares / shares.sum(dim=-1, keepdim=True)
    return shares.to(x.dtype), chosen


route = Op("route", route_reference)
