"""The likeliest id and its probability, side by side, so that one copy brings both to the host.

Knows the scores and which is the largest, not how they were computed.
"""

import triton
import triton.language as tl
from torch import Tensor

from mellum_ls.kernels._triton.launch import Launch
from mellum_ls.kernels._triton.numerics import bound

BLOCK, WARPS = 4096, 16  # scores that the one program reads at a time


@triton.jit
def _sureness(logits_ptr, ids_ptr, largest_ptr, out_ptr, N, BLOCK: tl.constexpr):
    one = tl.arange(0, 1)
    largest = tl.load(largest_ptr + one)
    total = tl.zeros((BLOCK,), tl.float32)
    for start in range(0, bound(N), BLOCK):
        places = start + tl.arange(0, BLOCK)
        scores = tl.load(logits_ptr + places, mask=places < N, other=float("-inf"))
        total += tl.exp(scores - largest)
    share = 1.0 / (tl.sum(total, axis=0) + tl.zeros((1,), tl.float32))
    tl.store(out_ptr + one, tl.load(ids_ptr + one))
    tl.store(out_ptr + 1 + one, share.to(tl.int32, bitcast=True))


def sureness(logits: Tensor, ids: Tensor, largest: Tensor, out: Tensor) -> Launch:
    """out [2] int32 = (ids[0], the bits of its probability as float32).

    logits [1, N] float32; ids [1] int32 and largest [1] float32: as head.py leaves them.
    """
    return Launch(
        "sureness",
        _sureness,
        (1,),
        {"logits_ptr": logits, "ids_ptr": ids, "largest_ptr": largest, "out_ptr": out, "N": logits.shape[1]},
        {"BLOCK": BLOCK},
        warps=WARPS,
        stages=1,
        reads=logits.nbytes + ids.nbytes + largest.nbytes,
        writes=out.nbytes,
    )
