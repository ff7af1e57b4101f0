"""Saved windows: what the sliding layers held at one position, so that a cache can come back to it exactly.

They lie in host memory, under one budget for all caches; the least recently used go first. Knows nothing of tokens.
"""

from __future__ import annotations

import weakref
from dataclasses import dataclass

from torch import Tensor


@dataclass(slots=True, eq=False, weakref_slot=True)
class Checkpoint:
    """Keys and values of the sliding layers just before `position`; never changed, so branches share it."""

    position: int
    keys: list[Tensor]
    """One tensor [W - 1, Hkv, D] on the host for each sliding layer, the positions up to `position`."""
    values: list[Tensor]
    evicted: bool = False

    @property
    def num_bytes(self) -> int:
        """Host memory held; 0 once evicted."""
        return sum(tensor.nbytes for tensor in (*self.keys, *self.values))

    def evict(self) -> None:
        """Let go of the memory; whoever still knows this checkpoint sees that it is of no use any more."""
        self.keys, self.values, self.evicted = [], [], True


class CheckpointShelf:
    """All checkpoints that some cache still holds, within `max_bytes` of host memory."""

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        # Weak: a cache that goes takes its checkpoints with it. The least recently used come first.
        self._order: list[weakref.ref[Checkpoint]] = []

    @property
    def num_bytes(self) -> int:
        """Host memory held."""
        return sum(checkpoint.num_bytes for checkpoint in self._alive())

    def put(self, checkpoint: Checkpoint) -> None:
        """Take in a new checkpoint; others, and at last itself, are evicted until all fit."""
        self._order.append(weakref.ref(checkpoint))
        used = 0
        for kept in reversed(self._alive()):
            used += kept.num_bytes
            if used > self.max_bytes:
                used -= kept.num_bytes
                kept.evict()
        self._alive()

    def touch(self, checkpoint: Checkpoint) -> None:
        """A cache has come back to this one: it is now the most recently used."""
        self._order = [reference for reference in self._order if reference() is not checkpoint]
        self._order.append(weakref.ref(checkpoint))

    def _alive(self) -> list[Checkpoint]:
        alive = [found for reference in self._order if (found := reference()) is not None and not found.evicted]
        self._order = [weakref.ref(checkpoint) for checkpoint in alive]
        return alive
