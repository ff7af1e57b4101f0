"""The multi-token prediction layer: from a hidden state and the token that follows, logits of the token after that.

Shares embedding and lm_head with the model and has a cache of its own. Does not decide whether to draft.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import embedding, linear

from mellum_ls.kernels import rms_norm
from mellum_ls.runtime.cache.kv_cache import KVCache, Retention
from mellum_ls.runtime.model import Model, decoder_layer
from mellum_ls.runtime.weights import MtpWeights


class MtpHead:
    """Drafts with one extra decoder layer.

    Entry i of its cache belongs to the pair (hidden state of position i, token i + 1).
    """

    def __init__(self, model: Model, weights: MtpWeights) -> None:
        self._model, self._weights = model, weights

    def new_cache(self, retention: Retention | None = None) -> KVCache:
        """An empty cache for one sequence."""
        model, kind = self._model, self._model.config.mtp_layer_type
        return KVCache(model.config, (kind,), model.device, model.dtype, retention)

    @torch.inference_mode()
    def forward(self, hidden: Tensor, next_ids: Tensor, cache: KVCache) -> Tensor:
        """Return the layer's hidden states [T, H], after its norm.

        hidden [T, H]: the model's states after its final norm, of the positions that follow those in the cache;
        next_ids [T] int64: the token after each. Feed the result back in as `hidden` to draft one token further.
        """
        config, weights = self._model.config, self._weights
        eps, count = config.rms_norm_eps, next_ids.shape[0]
        embedded = rms_norm(embedding(next_ids, self._model.weights.embedding), weights.embedding_norm, eps)
        x = linear(torch.cat((embedded, rms_norm(hidden, weights.hidden_norm, eps)), dim=-1), weights.projection)
        # Positions are those of the next tokens, one ahead of the cache.
        angles = self._model.rope.rows(config.mtp_layer_type, cache.length + 1, count)
        cache.reserve(count)
        x = decoder_layer(x, weights.layer, config, config.mtp_layer_type, angles, cache, 0)  # [T, H]
        cache.advance(count)
        return rms_norm(x, weights.norm, eps)

    def draft_logits(self, hidden: Tensor, next_ids: Tensor, cache: KVCache) -> Tensor:
        """Logits [T, V] of the token after each of `next_ids`; arguments as in `forward`."""
        return self._model.logits(self.forward(hidden, next_ids, cache))


class MtpFollower:
    """Keeps the MTP layer's cache of one session in step with the model's.

    With n positions in the model's cache it has n - 1 entries, because the last state waits for the token behind it;
    after a rollback to p at most p - 1, and the state of position p - 1 is gone.
    """

    def __init__(self, head: MtpHead, retention: Retention | None = None) -> None:
        self.cache = head.new_cache(retention)
        self._head = head
        self._waiting: Tensor | None = None  # [1, H]

    @property
    def length(self) -> int:
        """Number of entries."""
        return self.cache.length

    def is_current(self, positions: int) -> bool:
        """Whether nothing is missing, nor in doubt, for a sequence that has this many positions now."""
        return positions == self.length == 0 or (self._waiting is not None and self.length == positions - 1)

    @torch.inference_mode()
    def follow(self, hidden: Tensor, ids: Sequence[int]) -> None:
        """Take the states [T, H] of the positions with these ids, T of them, that the model has just computed."""
        states = hidden[:-1] if self._waiting is None else torch.cat((self._waiting, hidden[:-1]))
        next_ids = ids[1:] if self._waiting is None else ids
        if next_ids:
            self._head.forward(states, torch.tensor(next_ids, dtype=torch.int64, device=hidden.device), self.cache)
        self._waiting = hidden[-1:]

    def truncate(self, entries: int) -> int:
        """Forget the entries from `entries` on and the state that waits; return the new number, as KVCache does."""
        self._waiting = None
        return self.cache.truncate(min(entries, self.length))

    def adopt(self, other: "MtpFollower", entries: int) -> None:
        """Copy up to `entries` entries of another sequence with the same beginning."""
        self._waiting = None
        self.cache.adopt(other.cache, entries)
