"""A matrix product with a weight in any format. Knows neither bias nor norm."""

from collections.abc import Callable

from torch import Tensor
from torch.nn.functional import linear as dense

from mellum_ls.kernels.dispatch import Op, triton_serves
from mellum_ls.kernels.packing import Weight, packed, unpack


def linear_reference(x: Tensor, weight: Weight) -> Tensor:
    """Return x @ weight.T, [T, N] in the dtype of x, for x [T, K] and a weight [N, K] in any format."""
    if isinstance(weight, Tensor):
        return dense(x, weight.to(x.dtype))
    if weight.format == "float":
        return dense(x, weight.data.to(x.dtype))
    if weight.format == "int8":
        assert weight.scale is not None
        # One scale a row may be put in behind the sum, which leaves the codes, exact in any float dtype, to multiply.
        return (dense(x.float(), weight.data.float()) * weight.scale).to(x.dtype)
    return dense(x.float(), unpack(weight)).to(x.dtype)


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
