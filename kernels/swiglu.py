"""The gated MLP of a dense layer: down(silu(gate(x)) * up(x))."""

from torch import Tensor
from torch.nn.functional import silu

from mellum_ls.kernels.dispatch import Op
from mellum_ls.kernels.linear import linear
from mellum_ls.kernels.packing import Weight


def swiglu_reference(x: Tensor, gate_up: Weight, down: Weight) -> Tensor:
    """Return [T, H].

    x [T, H]; gate_up [2I, H], the gate's rows first; down [H, I] (Shazeer 2020, arXiv 2002.05202).
    """
    gate, up = linear(x, gate_up).chunk(2, dim=-1)  # [T, I] each
    return linear(silu(gate).mul_(up), down)


swiglu = Op("swiglu", swiglu_reference)
