"""What changes from pass to pass of a step: one block of memory on the host, and its copy that the kernels read.

Knows where which number lies, not what the numbers are for.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from mellum_ls.kernels._triton.projection import MOST_ROWS

_STATE = 2  # int32 words before the ids
_PADDING = 2  # int64 words for one address, so that what follows is aligned to 16 bytes


class Inputs:
    """One for all steps of a model, or of its MTP layer; `layers` of them have a cache."""

    def __init__(self, layers: int, device: torch.device) -> None:
        words = -(-(_STATE + MOST_ROWS) // 2)
        size = 2 * layers + _PADDING + words
        # One copy of both kinds of numbers: a second one would cost as much again. It can be part of a graph, which
        # then reads the host's block whenever it is replayed; that has to be pinned for it.
        self._host = torch.zeros(size, dtype=torch.int64, pin_memory=device.type == "cuda")
        self._device = torch.zeros(size, dtype=torch.int64, device=device)
        self.places = self._device[: 2 * layers].view(layers, 2)
        """[L, 2] int64: the addresses of each layer's keys and values."""
        self.source = self._device[2 * layers : 2 * layers + 1]
        """[1] int64: the address of the states that an MTP step begins with."""
        self.words = self._device[2 * layers + _PADDING :].view(torch.int32)[: _STATE + MOST_ROWS]
        """[2 + 16] int32: positions before the pass; the first that sliding layers hold; the ids."""
        numbers = self._host.numpy()
        self._host_places, self._host_source = numbers[: 2 * layers], numbers[2 * layers : 2 * layers + 1]
        self._host_words = numbers[2 * layers + _PADDING :].view("int32")
        self._written: tuple[int, ...] = ()

    @property
    def state(self) -> Tensor:
        """[2] int32: the two positions."""
        return self.words[:_STATE]

    def ids(self, rows: int) -> Tensor:
        """[rows] int32."""
        return self.words[_STATE : _STATE + rows]

    def write(self, length: int, first: int, ids: Sequence[int], places: tuple[int, ...], source: int = 0) -> None:
        """Write to the host's block; the one before must have been sent, and have arrived."""
        self._host_words[0], self._host_words[1] = length, first
        self._host_words[_STATE : _STATE + len(ids)] = ids
        self._host_source[0] = source
        if places is not self._written:
            self._written = places
            self._host_places[:] = places

    def send(self) -> None:
        """Copy the block to the device, on the current stream."""
        self._device.copy_(self._host, non_blocking=True)
