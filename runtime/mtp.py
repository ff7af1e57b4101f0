"""The multi-token prediction layer: from a hidden state and the token that follows, logits of the token after that.

Shares embedding and lm_head with the model and has a cache of its own. Does not decide whether to draft.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn.functional import embedding

from mellum_ls.kernels import linear, rms_norm
from mellum_ls.runtime.cache.kv_cache import CAPACITY_STEP, KVCache, Retention
from mellum_ls.runtime.cache.pages import rows_like
from mellum_ls.runtime.drafting.vocabulary import DraftVocabulary
from mellum_ls.runtime.weights import MtpWeights

if TYPE_CHECKING:
    from mellum_ls.runtime.model import Model


@dataclass(frozen=True, slots=True)
class Guess:
    """The token that the layer finds likeliest."""

    token: int
    sure: float
    """Its probability among the ids that are drafted."""
    state: Tensor
    """[1, H]: what it was guessed from, and what the token behind it is guessed with."""


class MtpHead:
    """Drafts with one extra decoder layer.

    Entry i of its cache belongs to the pair (hidden state of position i, token i + 1).
    """

    leaves = 0
    """So many missing entries a draft makes as fast as none: nobody need make them before."""

    def __init__(self, model: Model, weights: MtpWeights) -> None:
        self._model, self._weights = model, weights

    def new_cache(self, retention: Retention | None = None) -> KVCache:
        """An empty cache for one sequence."""
        model, kind = self._model, self._model.config.mtp_layer_type
        return KVCache(model.config, (kind,), model.device, model.dtype, retention)

    @property
    def width(self) -> int:
        """Numbers in a hidden state."""
        return self._model.config.hidden_size

    @property
    def past(self) -> int | None:
        """How many entries before its own a draft sees; None for all."""
        window = self._model.config.window_of(self._model.config.mtp_layer_type)
        return None if window is None else window - 1

    def empty_states(self) -> Tensor:
        """Room for no hidden states, [0, H], on the model's device."""
        return torch.empty((0, self.width), device=self._model.device, dtype=self._model.dtype)

    @torch.inference_mode()
    def forward(self, hidden: Tensor, next_ids: Tensor, cache: KVCache, last: int | None = None) -> Tensor:
        """Return the layer's hidden states [T, H], after its norm; with `last` only those of so many last rows.

        hidden [T, H]: the model's states after its final norm, of the positions that follow those in the cache;
        next_ids [T] int64: the token after each. Feed the result back in as `hidden` to draft one token further.
        """
        config, weights = self._model.config, self._weights
        eps, count = config.rms_norm_eps, next_ids.shape[0]
        rows = embedding(next_ids, self._model.weights.embedding).to(self._model.dtype)
        embedded = rms_norm(rows, weights.embedding_norm, eps)
        x = linear(torch.cat((embedded, rms_norm(hidden, weights.hidden_norm, eps)), dim=-1), weights.projection)
        # Positions are those of the next tokens, one ahead of the cache.
        angles = self._model.rope.rows(config.mtp_layer_type, cache.length + 1, count)
        cache.reserve(count)
        x = self._model.layer(x, weights.layer, config.mtp_layer_type, angles, cache, 0, last)  # [T or last, H]
        cache.advance(count)
        return rms_norm(x, weights.norm, eps)

    @torch.inference_mode()
    def guess(self, hidden: Tensor, next_ids: Sequence[int], cache: KVCache, vocabulary: DraftVocabulary) -> Guess:
        """The likeliest token behind the last of `next_ids`; arguments else as in `forward`."""
        state = self.forward(hidden, torch.tensor(next_ids, dtype=torch.int64, device=hidden.device), cache, 1)
        scores = vocabulary.logits(state)[0].float()
        best, column = scores.max(dim=-1)
        sure = float((scores - best).exp_().sum().reciprocal())
        return Guess(vocabulary.id_at(int(column)), sure, state)

    def draft_logits(self, hidden: Tensor, next_ids: Tensor, cache: KVCache) -> Tensor:
        """Logits [T, V] of the token after each of `next_ids`; arguments as in `forward`."""
        return self._model.logits(self.forward(hidden, next_ids, cache))


class MtpFollower:
    """The model's hidden states of one sequence, and the MTP layer's cache, made from them when a draft is wanted.

    Keys and values of an entry depend on its own pair only, the layer being the first and last of its kind. So nothing
    that was rolled back leaves a trace, and of a long prompt a sliding layer needs the last window. The price is a
    hidden state for each position of the sequence. What was not kept up with is made when a draft is wanted.
    """

    def __init__(self, head: MtpHead, retention: Retention | None = None) -> None:
        self.cache = head.new_cache(retention)
        self._head = head
        self._states = head.empty_states()  # [capacity, H]
        self._length = 0

    @property
    def length(self) -> int:
        """Number of positions whose states are here."""
        return self._length

    @property
    def num_bytes(self) -> int:
        """Device memory held."""
        return self._states.nbytes + self.cache.num_bytes

    @torch.inference_mode()
    def follow(self, hidden: Tensor) -> None:
        """Take the states [T, H] of the next positions."""
        end = self._length + hidden.shape[0]
        self._make_room(end)
        self._states[self._length : end] = hidden
        self._length = end

    def forgets(self, coming: int) -> bool:
        """Whether nothing that is here now is seen any more when so many positions more have come."""
        return self._head.past is not None and coming > self._head.past

    @torch.inference_mode()
    def keep_up(self, ids: Sequence[int]) -> None:
        """Make the entries of all positions of the sequence's `ids` but the last, whose next token is not known.

        Few that are missing are left to the next draft, where that makes them on its way.
        """
        first, end = self._first_missing(), self._length - 1
        if end - first > self._head.leaves:
            next_ids = torch.tensor(ids[first + 1 : end + 1], dtype=torch.int64, device=self._states.device)
            self._head.forward(self._states[first:end], next_ids, self.cache, 1)

    def truncate(self, positions: int) -> None:
        """Forget all but the first `positions`; the last one's entry was paired with a token that is gone."""
        self._length = min(positions, self._length)
        entries = max(0, self._length - 1)
        if entries < self.cache.length:
            self.cache.truncate(entries)

    @torch.inference_mode()
    def adopt(self, other: MtpFollower, positions: int) -> None:
        """Copy the states of the positions up to `positions` of a sequence with the same beginning."""
        known = self._length
        self._make_room(positions)
        self._states[known:positions] = other._states[known:positions]
        self._length = positions
        entries = min(positions - 1, other.cache.length)
        if entries > self.cache.length:
            self.cache.adopt(other.cache, entries)

    @torch.inference_mode()
    def draft(self, ids: Sequence[int], token: int) -> Tensor:
        """State [1, H] from which the token behind `token` is drafted, which follows the sequence's `ids`."""
        first = self._first_missing()
        next_ids = torch.tensor([*ids[first + 1 :], token], dtype=torch.int64, device=self._states.device)
        return self._head.forward(self._states[first : self._length], next_ids, self.cache, 1)

    def recurse(self, state: Tensor, token: int) -> Tensor:
        """State [1, H] for one token further: `state` is that of the draft before, `token` what was drafted.

        Its entry is a guess: `settle` takes it back.
        """
        return self._head.forward(state, torch.tensor([token], device=state.device), self.cache)

    def guess(self, ids: Sequence[int], token: int, vocabulary: DraftVocabulary) -> Guess:
        """The likeliest token behind `token`, which follows the sequence's `ids`."""
        first = self._first_missing()
        return self._head.guess(
            self._states[first : self._length], [*ids[first + 1 :], token], self.cache, vocabulary
        )  # fmt: skip

    def guess_on(self, guess: Guess, vocabulary: DraftVocabulary) -> Guess:
        """The likeliest token behind the last guess, whose entry is one, too: `settle` takes it back."""
        return self._head.guess(guess.state, [guess.token], self.cache, vocabulary)

    def settle(self) -> None:
        """Forget all entries that are guesses, and the one whose token is not in the sequence yet."""
        self.truncate(self._length)

    def _first_missing(self) -> int:
        """The entry from which on the cache lacks what a draft sees."""
        past = self._head.past
        needed = 0 if past is None else max(0, self._length - 1 - past)
        if self.cache.length < needed:
            # Nobody sees what lies between: begin anew where the window does.
            self.cache.start_at(needed)
        return self.cache.length

    def _make_room(self, needed: int) -> None:
        have = self._states.shape[0]
        if needed <= have:
            return
        capacity = -(-max(needed, have + have // 8) // CAPACITY_STEP) * CAPACITY_STEP
        old, self._states = self._states, rows_like(self._states, capacity)
        self._states[: self._length] = old[: self._length]
