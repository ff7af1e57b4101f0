"""Buffers whose surroundings are watched: what a kernel must not read is NaN, what it must not write stays as it is."""

from dataclasses import dataclass

import torch
from torch import Tensor

from mellum_ls.kernels.packing import Packed

MARGIN = 512


@dataclass
class Poisoned:
    """Tensors for a kernel, each in the middle of a larger allocation full of NaN (or of the most an int holds)."""

    device: torch.device

    def __post_init__(self) -> None:
        self._watched: list[tuple[Tensor, int, Tensor]] = []

    def holding(self, values: Tensor) -> Tensor:
        """A copy of `values` with poisoned margins before and behind."""
        poison = float("nan") if values.dtype.is_floating_point else torch.iinfo(values.dtype).max
        whole = torch.full((values.numel() + 2 * MARGIN,), poison, dtype=values.dtype, device=self.device)
        inner = whole[MARGIN : MARGIN + values.numel()]
        inner.copy_(values.reshape(-1))
        self._watched.append((whole, values.numel(), whole.clone()))
        return inner.view(values.shape)

    def empty(self, *shape: int, dtype: torch.dtype) -> Tensor:
        """Room for an output, poisoned inside, too: what the kernel does not write shows."""
        poison = float("nan") if dtype.is_floating_point else torch.iinfo(dtype).max
        return self.holding(torch.full(shape, poison, dtype=dtype))

    def packed(self, weight: Packed) -> Packed:
        """A copy of a packed weight, with margins around its codes and its scales."""
        scale = None if weight.scale is None else self.holding(weight.scale)
        return Packed(weight.format, self.holding(weight.data), weight.columns, scale, weight.group)

    def check_margins(self) -> None:
        """Raise AssertionError where something was written outside of a buffer."""
        for whole, count, before in self._watched:
            for margin in (slice(0, MARGIN), slice(MARGIN + count, None)):
                found, wanted = whole[margin], before[margin]
                same = torch.where(wanted.isnan(), found.isnan(), found == wanted)
                assert same.all(), "a kernel wrote outside of its buffer"
