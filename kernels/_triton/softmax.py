"""The running softmax of attention: scores and values are taken in tile by tile, whatever order the tiles come in.

Knows neither positions nor heads. Scores are exponents of 2; -inf stands for what is not seen.
"""

import triton
import triton.language as tl

from mellum_ls.kernels._triton.numerics import product

NOTHING = tl.constexpr(float("-inf"))
LOG2_E = tl.constexpr(1.4426950408889634)


@triton.jit
def absorb(scores, values, most, total, sums, like):
    """Take scores [M, N] and values [N, D], float32, into a softmax's state, which is returned.

    most [M]: the largest score so far; total [M]: the sum of 2 to the scores less that; sums [M, D]: the values, each
    times that power. They begin with NOTHING, 0 and 0. Powers and values are rounded to the dtype that `like` points
    to before they are multiplied (Dao 2023, arXiv 2307.08691).
    """
    higher = tl.maximum(most, tl.max(scores, axis=1))
    base = finite(higher)
    powers = tl.exp2(scores - base[:, None])
    fading = tl.exp2(most - base)
    total = total * fading + tl.sum(powers, axis=1)
    sums = product(powers, values, sums * fading[:, None], like)
    return higher, total, sums


@triton.jit
def finite(most):
    """What to subtract from the scores: their maximum, or 0 for rows that see nothing, for inf - inf is no number."""
    return tl.where(most == NOTHING, 0.0, most)
