"""The ids that are drafted from: those that the user's own code is written with, a fraction of the vocabulary.

The output head is most of what a draft reads, and few tokens make up most of a repository (Zhao 2025, "FR-Spec",
arXiv 2502.14856). A token that is left out is never drafted; what comes out is not touched by that.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from mellum_ls.kernels import linear
from mellum_ls.kernels.packing import PANEL, Weight

SHARE = 6
LEAST = 1024
# Chosen anew when so many times as many tokens were seen.
GROWTH = 2.0
# Before so many were seen, frequencies say nothing and the whole vocabulary is drafted from.
ENOUGH = 256


def drafted_size(size: int) -> int:
    """How many ids of a vocabulary of `size` are drafted from; panels of the head are full where it has so many."""
    return min(size, -(-max(LEAST, size // SHARE) // PANEL) * PANEL)


class DraftVocabulary:
    """Counts the tokens of prompts and answers; `lm_head` [V, H] is the model's own, `size` None stands for a sixth."""

    def __init__(self, lm_head: Weight, size: int | None = None) -> None:
        self._lm_head = lm_head
        self._size = size or drafted_size(len(lm_head))
        self._counts = torch.zeros(len(lm_head), dtype=torch.int64)
        self._seen, self._seen_then = 0, 0
        self._ids: Tensor | None = None  # [size]; None for all
        self._head: Weight | None = lm_head  # its rows of these ids; None where nobody has asked for them yet

    def see(self, ids: Sequence[int]) -> None:
        """Count tokens."""
        if self._size == len(self._lm_head) or not ids:
            return
        self._counts += torch.bincount(torch.tensor(ids), minlength=len(self._counts))
        self._seen += len(ids)

    def logits(self, states: Tensor) -> Tensor:
        """Scores [T, ids] of the drafted ids, for states [T, H]."""
        return linear(states, self.head())

    @torch.inference_mode()
    def head(self) -> Weight:
        """The rows [ids, H] of the drafted ids."""
        ids = self.chosen()
        if self._head is None:
            assert ids is not None
            self._head = self._lm_head[ids.to(self._lm_head.device)]
        return self._head

    def chosen(self) -> Tensor | None:
        """The drafted ids [ids] int64, ascending, on the host; None for all. Another tensor where they have changed."""
        if self._seen >= max(ENOUGH, GROWTH * self._seen_then):
            self._choose()
        return self._ids

    def id_at(self, place: int) -> int:
        """The id of a column of the scores."""
        return place if self._ids is None else int(self._ids[place])

    def spread(self, values: Tensor) -> Tensor:
        """Values [ids] as values [V], 0 where nothing is drafted."""
        if self._ids is None:
            return values
        return values.new_zeros(len(self._lm_head)).index_copy_(0, self._ids.to(values.device), values)

    def _choose(self) -> None:
        # Stable, and low ids first among those not seen: a byte-level vocabulary begins with its most frequent pieces.
        order = self._counts.sort(descending=True, stable=True).indices[: self._size]
        self._ids = order.sort().values
        self._head = None
        self._seen_then = self._seen
