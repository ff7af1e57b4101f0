"""A matrix product with a weight in any format. Knows neither bias nor norm."""

from collections.abc import Callable

from torch import Tensor
from torch.nn.functional import linear as dense

from mellum_ls.kernels.blockwise import product
from mellum_ls.kernels.dispatch import Op, triton_serves
from mellum_ls.kernels.packing import Weight


def linear_reference(x: Tensor, weight: Weight) -> Tensor:
    """Return x @ weight.T, [T, N] in the dtype of x, for x [T, K] and a weight [N, K] in any format."""
    if isinstance(weight, Tensor):
        return dense(x, weight)
    if weight.format == "float" and weight.data.dtype == x.dtype:
        return dense(x, weight.data)
    return product(x.float(), weight).to(x.dtype)


def _triton() -> Callable[..., Tensor]:
    from mellum_ls.kernels._triton import matmul

    return matmul.linear


linear = Op("linear", linear_reference, _triton, triton_serves)
