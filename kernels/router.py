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
    logits = linear(x.float(), weight)  # [T, E]
    if normalise:
        # The softmax over the chosen alone is the one over all, normalised: the same with half of the operations.
        logits, chosen = torch.topk(logits, top_k, dim=-1)
        return logits.softmax(dim=-1).to(x.dtype), chosen
    shares, chosen = torch.topk(logits.softmax(dim=-1), top_k, dim=-1)
    return shares.to(x.dtype), chosen


route = Op("route", route_reference)
