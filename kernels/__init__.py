"""The tensor operations of the decoder: each has a plain torch reference and, in time, a Triton kernel.

Pure functions on tensors; no input or output, no configuration, no state but a few remembered masks. A single user is
served, so tensors have no batch dimension: the first dimension is the token.
"""

from typing import Any

from mellum_ls.kernels.attention import attention
from mellum_ls.kernels.dispatch import Op
from mellum_ls.kernels.experts import experts
from mellum_ls.kernels.linear import linear
from mellum_ls.kernels.rms_norm import rms_norm
from mellum_ls.kernels.rope import apply_rope
from mellum_ls.kernels.router import route
from mellum_ls.kernels.swiglu import swiglu

OPS: tuple[Op[..., Any], ...] = (apply_rope, attention, experts, linear, rms_norm, route, swiglu)

__all__ = ["OPS", "Op", "apply_rope", "attention", "experts", "linear", "rms_norm", "route", "swiglu"]
