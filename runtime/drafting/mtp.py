"""Drafts with the model's MTP layer, one token after the other, as long as the next one is worth its cost.

The layer predicts the token behind the next one; fed its own output it goes on. How sure it is of a token is the
evidence for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from mellum_ls.runtime.cache.sessions import Session
from mellum_ls.runtime.drafting.source import ANY, NOTHING, Evidence, Proposal
from mellum_ls.runtime.drafting.vocabulary import DraftVocabulary
from mellum_ls.runtime.mtp import MtpFollower

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
    def propose(self, token: int, most: int, goes_on: Callable[[int, list[Evidence]], bool]) -> Proposal:
        """Up to `most` tokens behind `token`, which is the next of the sequence; the first one is not asked for.

        `goes_on` is told what was drafted last, and the evidence for all of it.
        """
        follower = self._session.follower
        if follower is None or most < 1 or not follower.length:
            return NOTHING
        ids: list[int] = []
        evidence: list[Evidence] = []
        odds: list[Tensor | None] = []
        for guessed, sure, drawn in (self._likeliest if self._draw is None else self._drawn)(follower, token):
            strength = sum(sure >= edge for edge in EDGES)
            evidence.append(Evidence(NAME, min(len(ids), PLACES), strength, PRIORS[strength]))
            ids.append(guessed)
            odds.append(drawn)
            if len(ids) >= most or not goes_on(guessed, evidence):
                break
        follower.settle()
        return Proposal(tuple(ids), tuple(evidence), tuple(odds))

    def _likeliest(self, follower: MtpFollower, token: int) -> Iterator[tuple[int, float, None]]:
        """Without end: the likeliest token each time, and its probability."""
        guess = follower.guess(self._session.ids, token, self._vocabulary)
        while True:
            yield guess.token, guess.sure, None
            guess = follower.guess_on(guess, self._vocabulary)

    def _drawn(self, follower: MtpFollower, token: int) -> Iterator[tuple[int, float, Tensor]]:
        """Without end: a token that is drawn, its probability, and those of all ids [V]."""
        assert self._draw is not None
        state = follower.draft(self._session.ids, token)
        while True:
            place, odds = self._draw(self._vocabulary.logits(state)[0].float())
            token = self._vocabulary.id_at(place)
            yield token, float(odds[place]), self._vocabulary.spread(odds)
            state = follower.recurse(state, token)
