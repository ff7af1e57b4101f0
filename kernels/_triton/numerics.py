"""Arithmetic that means the same on a GPU and in Triton's interpreter.

The interpreter computes with numpy, which has no bfloat16: it adds and compares the raw bits of two bfloat16 values,
multiplies them in `tl.dot` into nonsense, and cuts a float32 off where a GPU rounds it to the nearest even. So values
are float32 from the load on, and the two functions below stand for a store and for a product.
"""

import triton
import triton.language as tl

INTERPRETED = tl.constexpr(bool(triton.knobs.runtime.interpret))


@triton.jit
def rounded(x, like):
    """x, float32, rounded to the dtype that the pointer `like` points to: to the nearest, ties to even."""
    if INTERPRETED and like.dtype.element_ty == tl.bfloat16:
        bits = x.to(tl.int32, bitcast=True)
        # Cutting off is rounding down; what is added first makes it rounding to nearest even. NaN stays NaN.
        nearest = (bits + 0x7FFF + ((bits >> 16) & 1)) & -65536
        x = tl.where(x == x, nearest, bits).to(tl.float32, bitcast=True)
    return x.to(like.dtype.element_ty)


@triton.jit
def product(a, b, acc, like):
    """acc + a @ b, for float32 a [M, K] and b [K, N] that are first rounded to the dtype that `like` points to.

    Sums are float32. In float32 nothing is rounded, in the tensor cores neither.
    """
    if like.dtype.element_ty == tl.float32:
        return tl.dot(a, b, acc, input_precision="ieee")
    a, b = rounded(a, like), rounded(b, like)
    if INTERPRETED:
        return tl.dot(a.to(tl.float32), b.to(tl.float32), acc, input_precision="ieee")
    return tl.dot(a, b, acc)


@triton.jit
def bound(n):
    """n, for an end of a `range`: a number that is computed in the kernel.

    The interpreter holds it as an array of one element, of which numpy from 2.4 on makes no index.
    """
    if INTERPRETED:
        return n.handle.data.item()
    return n
