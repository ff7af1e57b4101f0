"""Keys and values of the positions already computed, and which session they belong to.

Every layer keeps every position, so a rollback to any length is exact. Knows token ids only to compare them; what a
session is, its owner decides.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from mellum_ls.runtime.config import ModelConfig

FIRST_CAPACITY = 256


class KVCache:
    """Contiguous keys and values of one token sequence, for each layer; capacity doubles as it fills.

    A forward pass appends to every layer in turn and then commits the new length with `advance`; an abandoned pass
    leaves `length` as it was, and what it wrote is overwritten by the next.
    """

    def __init__(self, config: ModelConfig, num_layers: int, device: torch.device, dtype: torch.dtype) -> None:
        self._limit = config.max_position_embeddings
        self._row = (config.num_key_value_heads, config.head_dim)
        self._keys = [torch.empty(0, *self._row, device=device, dtype=dtype) for _ in range(num_layers)]
        self._values = [torch.empty(0, *self._row, device=device, dtype=dtype) for _ in range(num_layers)]
        self._length = 0

    @property
    def length(self) -> int:
        """Number of positions that all layers hold."""
        return self._length

    @property
    def num_bytes(self) -> int:
        """Memory held, unused capacity included."""
        return sum(tensor.nbytes for tensor in (*self._keys, *self._values))

    def append(self, layer: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Write rows [T, Hkv, D] of new positions; return those of all positions, [length + T, Hkv, D]."""
        start, end = self._length, self._length + keys.shape[0]
        if end > self._keys[layer].shape[0]:
            self._grow(layer, end)
        stored_keys, stored_values = self._keys[layer], self._values[layer]
        stored_keys[start:end] = keys
        stored_values[start:end] = values
        return stored_keys[:end], stored_values[:end]

    def advance(self, count: int) -> None:
        """Commit `count` positions that every layer has appended."""
        self._length += count

    def truncate(self, length: int) -> None:
        """Forget all positions from `length` on."""
        assert 0 <= length <= self._length, f"cannot truncate {self._length} positions to {length}"
        self._length = length

    def _grow(self, layer: int, needed: int) -> None:
        assert needed <= self._limit, f"{needed} positions asked for, the model has {self._limit}"
        capacity = min(self._limit, max(needed, FIRST_CAPACITY, 2 * self._keys[layer].shape[0]))
        for store in (self._keys, self._values):
            old = store[layer]
            store[layer] = old.new_empty(capacity, *self._row)
            store[layer][: self._length] = old[: self._length]


@dataclass(slots=True)
class Session:
    """A cache and the ids of the positions in it; between requests there are `cache.length` of them."""

    cache: KVCache
    ids: list[int] = field(default_factory=list)

    def rewind(self, prompt: Sequence[int]) -> int:
        """Keep the longest common prefix with the prompt and return its length.

        At least the prompt's last token is left to compute: its hidden state gives the first new token.
        """
        kept = min(common_prefix(self.ids, prompt), len(prompt) - 1)
        self.cache.truncate(kept)
        del self.ids[kept:]
        return kept


class SessionCache:
    """Sessions by name; the least recently used go when there are too many or they hold too many bytes."""

    def __init__(self, new_cache: Callable[[], KVCache], *, max_sessions: int, max_bytes: int) -> None:
        self._new_cache = new_cache
        self._max_sessions, self._max_bytes = max_sessions, max_bytes
        self._sessions: OrderedDict[str, Session] = OrderedDict()

    def __len__(self) -> int:
        return len(self._sessions)

    @property
    def num_bytes(self) -> int:
        """Memory held by all sessions."""
        return sum(session.cache.num_bytes for session in self._sessions.values())

    def acquire(self, name: str) -> Session:
        """The session of this name, new if need be, now the most recently used."""
        session = self._sessions.pop(name, None) or Session(self._new_cache())
        self._sessions[name] = session
        self.trim()
        return session

    def trim(self) -> None:
        """Evict the least recently used until the limits hold; the most recent one always stays."""
        while len(self._sessions) > 1 and (len(self) > self._max_sessions or self.num_bytes > self._max_bytes):
            self._sessions.popitem(last=False)

    def clear(self) -> None:
        """Drop all sessions and their memory."""
        self._sessions.clear()


def common_prefix(left: Sequence[int], right: Sequence[int]) -> int:
    """Number of leading ids that are equal."""
    limit = min(len(left), len(right))
    for index in range(limit):
        if left[index] != right[index]:
            return index
    return limit
