"""Keys and values of the positions already computed, of one token sequence, for each layer.

Full layers keep every position. Sliding layers do too while the sequence is short, so that every rollback is exact;
beyond `keep_all` positions they keep only the latest ones and saved windows. A rollback that would not be exact goes
further back, to a place that is. Knows positions, not tokens.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from mellum_ls.runtime.cache.checkpoints import Checkpoint, CheckpointShelf
from mellum_ls.runtime.cache.pages import rows_like
from mellum_ls.runtime.config import AttentionType, ModelConfig

# Capacity grows by an eighth and to a multiple of this: the memory of a long sequence stays near its use.
CAPACITY_STEP = 256
DEFAULT_CHECKPOINT_BYTES = 1024**3


@dataclass(frozen=True, slots=True)
class Retention:
    """How much of the past the sliding layers keep, in positions."""

    keep_all: int = 32_768
    """Up to this length all of it."""
    rollback: int = 512
    """Beyond it, the window and this many more: what can be taken back without a checkpoint."""
    slack: int = 512
    """And room for this many new ones before the oldest are moved out."""
    every: int = 4_096
    """A checkpoint at every multiple of this, besides those at the anchors."""


class KVCache:
    """Contiguous keys and values of one sequence.

    A forward pass calls `reserve`, appends to every layer in turn and then commits the new length with `advance`; an
    abandoned pass leaves `length` as it was, and what it wrote is overwritten by the next.
    """

    def __init__(
        self,
        config: ModelConfig,
        layer_types: Sequence[AttentionType],
        device: torch.device,
        dtype: torch.dtype,
        retention: Retention | None = None,
        shelf: CheckpointShelf | None = None,
    ) -> None:
        self.anchors: Collection[int] = ()
        """Positions that the sequence is likely to come back to: checkpoints are saved there."""
        self._limit = config.max_position_embeddings
        self._retention = retention or Retention()
        self._shelf = shelf or CheckpointShelf(DEFAULT_CHECKPOINT_BYTES)
        windows = [config.window_of(kind) for kind in layer_types]
        self._sliding = [index for index, window in enumerate(windows) if window is not None]
        self._full = [index for index, window in enumerate(windows) if window is None]
        # What the next position still sees besides itself.
        self._past = max((window - 1 for window in windows if window is not None), default=0)
        row = (0, config.num_key_value_heads, config.head_dim)
        self._keys = [torch.empty(row, device=device, dtype=dtype) for _ in layer_types]
        self._values = [torch.empty(row, device=device, dtype=dtype) for _ in layer_types]
        self._places: tuple[int, ...] | None = None
        self._length = 0
        # The position of the sliding layers' first row; that of the full layers' is always 0.
        self._first = 0
        self._checkpoints: list[Checkpoint] = []

    @property
    def length(self) -> int:
        """Number of positions that all layers hold, or have held and let go of."""
        return self._length

    @property
    def num_bytes(self) -> int:
        """Memory held on the device, unused capacity included; checkpoints, on the host, are the shelf's."""
        return sum(tensor.nbytes for tensor in (*self._keys, *self._values))

    @property
    def first(self) -> int:
        """The position of the sliding layers' first row; the full layers' is always 0."""
        return self._first

    def places(self) -> tuple[int, ...]:
        """Addresses of the first rows: keys and values of layer 0, of layer 1 and so on.

        They hold until the next `reserve`, `truncate` or `adopt`; the tuple is another object if any has changed.
        Whoever writes there still calls `advance`.
        """
        if self._places is None:
            pairs = zip(self._keys, self._values, strict=True)
            self._places = tuple(rows.data_ptr() for pair in pairs for rows in pair)
        return self._places

    @torch.inference_mode()
    def reserve(self, count: int) -> None:
        """Make room for `count` new positions in every layer."""
        end = self._length + count
        assert end <= self._limit, f"{end} positions asked for, the model has {self._limit}"
        for layer in self._full:
            self._grow(layer, end, self._length)
        if not self._sliding:
            return
        kept = self._past + self._retention.rollback
        room = kept + max(self._retention.slack, count)
        if end > self._retention.keep_all and end - self._first > room:
            self._slide(max(self._first, self._length - kept), room)
        for layer in self._sliding:
            self._grow(layer, end - self._first, self._length - self._first)

    def append(self, layer: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Write rows [T, Hkv, D] of new positions, for which room was reserved.

        Return the rows of all positions that the layer still holds, the new ones last.
        """
        start = self._length - self.first_of(layer)
        end = start + keys.shape[0]
        stored_keys, stored_values = self._keys[layer], self._values[layer]
        assert end <= stored_keys.shape[0], "append needs room: call reserve first"
        stored_keys[start:end] = keys
        stored_values[start:end] = values
        return stored_keys[:end], stored_values[:end]

    def advance(self, count: int) -> None:
        """Commit `count` positions that every layer has appended."""
        self._length += count

    def start_at(self, position: int) -> None:
        """Empty it, and let the next position be `position`, before which nothing is held: sliding layers only."""
        assert not self._full, "a full layer needs all positions"
        self._checkpoints = []
        self._length = self._first = position

    @torch.inference_mode()
    def truncate(self, length: int) -> int:
        """Forget all positions from `length` on and return the new length.

        It is smaller than asked for where the sliding layers have let go of what `length` needs: then it is that of
        the nearest checkpoint before, or 0.
        """
        assert 0 <= length <= self._length, f"cannot truncate {self._length} positions to {length}"
        if not self._reaches(length):
            length = self._restore(length)
        self._length = length
        self._checkpoints = [saved for saved in self._checkpoints if saved.position <= length]
        return length

    @torch.inference_mode()
    def adopt(self, source: KVCache, length: int) -> int:
        """Copy what `source` holds of the positions up to `length`; return the length reached.

        Those that this cache holds already must be the source's too. Where the source's sliding layers have let go of
        what `length` needs, the copy ends at a checkpoint; where that is no gain, nothing is copied.
        """
        assert length <= source.length, f"cannot copy {length} of {source.length} positions"
        saved = None
        if not source._reaches(length):
            saved = source._nearest(length)
            length = 0 if saved is None else saved.position
        if length <= self._length:
            return self._length
        known = self._length
        for layer in self._full:
            self._copy_rows(source, layer, known, length)
        inherited = [found for found in source._checkpoints if found.position <= length and not found.evicted]
        self._checkpoints += [found for found in inherited if found not in self._checkpoints]
        if saved is not None:
            self._put_back(saved)
        elif self._sliding:
            known = known - self._first if self._first == source._first else 0
            self._first = source._first
            for layer in self._sliding:
                self._copy_rows(source, layer, known, length - self._first)
        self._length = length
        return length

    def _copy_rows(self, source: KVCache, layer: int, start: int, end: int) -> None:
        self._grow(layer, end, start)
        for mine, theirs in ((self._keys, source._keys), (self._values, source._values)):
            mine[layer][start:end] = theirs[layer][start:end]

    def first_of(self, layer: int) -> int:
        """The position of a layer's first row."""
        return self._first if layer in self._sliding else 0

    def _reaches(self, length: int) -> bool:
        """Whether the sliding layers hold all that a position at `length` sees."""
        return not self._sliding or self._first == 0 or length - self._first >= self._past

    def _nearest(self, length: int) -> Checkpoint | None:
        """The last checkpoint not behind `length`."""
        usable = [saved for saved in self._checkpoints if saved.position <= length and not saved.evicted]
        return max(usable, key=lambda saved: saved.position, default=None)

    def _restore(self, length: int) -> int:
        saved = self._nearest(length)
        if saved is None:
            self._first = 0
            return 0
        self._put_back(saved)
        return saved.position

    def _put_back(self, saved: Checkpoint) -> None:
        """Give the sliding layers the rows of a checkpoint, and no others."""
        self._shelf.touch(saved)
        self._first = saved.position - self._past
        for index, layer in enumerate(self._sliding):
            self._grow(layer, self._past, 0)
            self._keys[layer][: self._past] = saved.keys[index]
            self._values[layer][: self._past] = saved.values[index]

    def _slide(self, first: int, room: int) -> None:
        """Let the sliding layers go of all rows before the position `first`, in stores of `room` rows."""
        self._places = None
        self._save_windows(first)
        shift, rows = first - self._first, self._length - first
        for store in (self._keys, self._values):
            for layer in self._sliding:
                old = store[layer]
                kept = old[shift : shift + rows]
                if old.shape[0] == room:
                    old[:rows] = kept.clone()  # the two ranges overlap
                else:
                    store[layer] = rows_like(old, room)
                    store[layer][:rows] = kept
        self._first = first

    def _save_windows(self, first: int) -> None:
        """Save a checkpoint wherever one is wanted and could no longer be made after sliding to `first`."""
        every = self._retention.every
        low, high = self._first + self._past, min(self._length, first + self._past - 1)
        wanted = {anchor for anchor in self.anchors if low <= anchor <= high}
        wanted.update(range(-(-low // every) * every, high + 1, every))
        for position in sorted(wanted - {saved.position for saved in self._checkpoints if not saved.evicted}):
            rows = slice(position - self._past - self._first, position - self._first)
            keys, values = (
                [_on_host(store[layer][rows]) for layer in self._sliding] for store in (self._keys, self._values)
            )
            saved = Checkpoint(position, keys, values)
            self._checkpoints.append(saved)
            self._shelf.put(saved)

    def _grow(self, layer: int, needed: int, used: int) -> None:
        """Give the layer's stores at least `needed` rows; the first `used` keep what they hold."""
        have = self._keys[layer].shape[0]
        if needed <= have:
            return
        capacity = max(needed, have + have // 8)
        capacity = -(-capacity // CAPACITY_STEP) * CAPACITY_STEP
        if needed <= self._limit:
            capacity = min(capacity, self._limit)
        self._places = None
        for store in (self._keys, self._values):
            old = store[layer]
            store[layer] = rows_like(old, capacity)
            store[layer][:used] = old[:used]


def _on_host(rows: Tensor) -> Tensor:
    return rows.clone() if rows.device.type == "cpu" else rows.to("cpu")
