"""Drafts with the model's MTP layer, one token after the other, as long as the next one is worth its cost.

The layer predicts the token behind the next one; fed its own output it goes on. How sure it is of a token is the
evidence for it.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from mellum_ls.runtime.cache.sessions import Session
from mellum_ls.runtime.drafting.source import ANY, NOTHING, Evidence, Proposal
from mellum_ls.runtime.drafting.vocabulary import DraftVocabulary

NAME = "mtp"
# Behind these the layer only ever sees its own guesses, and each is as good as the one before.
PLACES = 3
# Probabilities of the likeliest token that are told apart, and the middle of what lies between.
EDGES = (0.3, 0.5, 0.7, 0.85, 0.95, 0.99)
PRIORS = (0.2, 0.4, 0.6, 0.75, 0.88, 0.95, 0.98)
PRIOR = 0.8

Draw = Callable[[Tensor], tuple[int, Tensor]]
"""Draws a place from scores [ids] and says the probabilities [ids] that it was drawn with."""


def at_place(place: int) -> Evidence:
    """What is known of a token before it is drafted."""
    return Evidence(NAME, min(place, PLACES), ANY, PRIOR)


class MtpDrafts:
    """Drafts for one completion. `draw` None takes the likeliest token each time."""

    name = NAME

    def __init__(self, session: Session, vocabulary: DraftVocabulary, draw: Draw | None = None) -> None:
        self._session, self._vocabulary, self._draw = session, vocabulary, draw

    @torch.inference_mode()
    def propose(self, token: int, most: int, goes_on: Callable[[list[Evidence]], bool]) -> Proposal:
        """Up to `most` tokens behind `token`, which is the next of the sequence; the first one is not asked for."""
        follower = self._session.follower
        if follower is None or most < 1 or not follower.length:
            return NOTHING
        ids: list[int] = []
        evidence: list[Evidence] = []
        odds: list[Tensor | None] = []
        state = follower.draft(self._session.ids, token)
        while True:
            token, kind, drawn = self._next(state, len(ids))
            ids.append(token)
            evidence.append(kind)
            odds.append(drawn)
            if len(ids) >= most or not goes_on(evidence):
                break
            state = follower.recurse(state, token)
        follower.settle()
        return Proposal(tuple(ids), tuple(evidence), tuple(odds))

    def _next(self, state: Tensor, place: int) -> tuple[int, Evidence, Tensor | None]:
        scores = self._vocabulary.logits(state)[0].float()
        if self._draw is None:
            best, column = scores.max(dim=-1)
            sure, drawn = float((scores - best).exp_().sum().reciprocal()), None
            chosen = int(column)
        else:
            chosen, odds = self._draw(scores)
            sure, drawn = float(odds[chosen]), self._vocabulary.spread(odds)
        strength = sum(sure >= edge for edge in EDGES)
        return self._vocabulary.id_at(chosen), Evidence(NAME, min(place, PLACES), strength, PRIORS[strength]), drawn
