"""Memory for keys and values that goes back to the system as soon as it is dropped.

What an allocator gets back it keeps, in holes between what is still used: after hours of sessions that grow, branch and
go, a process would hold much more than they need. Knows tensors, not what is in them.
"""

from __future__ import annotations

import mmap
import sys
from math import prod

import torch
from torch import Tensor

LEAST_BYTES = 1 << 18
"""Smaller tensors are the allocator's: a mapping of their own would cost more than it saves."""


def rows_like(tensor: Tensor, count: int) -> Tensor:
    """Rows [count, ...] of the shape, dtype and device of those of `tensor`, uninitialised.

    On a CPU large ones lie in pages of their own; elsewhere the device's allocator has them.
    """
    shape = (count, *tensor.shape[1:])
    num_bytes = prod(shape) * tensor.element_size()
    if tensor.device.type != "cpu" or num_bytes < LEAST_BYTES:
        return tensor.new_empty(shape)
    if sys.platform == "win32":
        pages = mmap.mmap(-1, num_bytes)
    else:
        pages = mmap.mmap(-1, num_bytes, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    # The tensor keeps the mapping; with the last view of it the pages are gone.
    return torch.frombuffer(pages, dtype=tensor.dtype).view(shape)
