"""A matrix product with a weight in any format. Knows neither bias nor norm."""

from collections.abc import Callable

from torch import Tensor
from torch.nn.functional import linear as dense

from mellum_ls.kernels.blockwise import product
from mellum_ls.kernels.dispatch import Op, triton_serves
from mellum_ls.kernels.packing import Weight, packed


def linear_reference(x: Tensor, weight: Weight) -> Tensor:
    """Return x @ weight.T, [T, N] in the dtype of x, for x [T, K] and a weight [N, K] in any format."""
    if isinstance(weight, Tensor):
        return dense(x, weight.to(x.dtype))
    if weight.format == "float" and weight.data.dtype == x.dtype:
        return dense(x, weight.data)
    return product(x.float(), weight).to(x.dtype)


def _triton() -> Callable[..., Tensor]:
    from mellum_ls.kernels._triton import matmul

    return matmul.linear


def _native() -> Callable[..., Tensor] | None:
    from mellum_ls.kernels._cpu import binding

    library = binding.library()
    if isinstance(library, str):
        return None

    def product(x: Tensor, weight: Weight) -> Tensor:
        if not binding.readable(packed(weight)):
            return linear_reference(x, weight)
        return library.linear(x, binding.matrix_of(weight))

    return product


linear = Op("linear", linear_reference, _triton, triton_serves, _native)
