"""RMS normalisation over the last dimension. Decides the precision of the statistics: always float32."""

from collections.abc import Callable

from torch import Tensor
from torch.nn.functional import rms_norm as normalised

from mellum_ls.kernels.dispatch import Op


def rms_norm_reference(x: Tensor, weight: Tensor, eps: float) -> Tensor:
    """Return x / sqrt(mean(x^2) + eps) * weight.

    x [..., D]; weight [D], or anything that broadcasts against x, in the dtype of x. The statistics are taken in
    float32 and the normalised value is rounded to the dtype of x before the weight is applied, as the model was
    trained (Zhang and Sennrich 2019, arXiv 1910.07467).
    """
    # Without a weight, torch's own leaves the last rounding before it; it takes the statistics in float32.
    return normalised(x, x.shape[-1:], eps=eps).mul_(weight)


def _native() -> Callable[..., Tensor] | None:
    from mellum_ls.kernels._cpu import binding

    library = binding.library()
    if isinstance(library, str):
        return None

    def norm(x: Tensor, weight: Tensor, eps: float) -> Tensor:
        plain = x.dim() == 2 and weight.dim() == 1 and x.shape[1] % binding.LANES == 0 and weight.dtype == x.dtype
        if not plain or not x.is_contiguous() or not weight.is_contiguous():
            return rms_norm_reference(x, weight, eps)
        return library.norm(x, weight, eps)

    return norm


rms_norm = Op("rms_norm", rms_norm_reference, native=_native)
