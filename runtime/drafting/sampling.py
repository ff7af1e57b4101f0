"""Drawing tokens instead of taking the likeliest, with drafts checked so that the distribution stays what it is.

A drawn draft is kept with probability min(1, p / q) and otherwise replaced by one drawn from what p has more than q
(Leviathan 2023, "Fast inference from transformers via speculative decoding"); a draft that was not drawn is one with
q = 1, which comes to drawing from p and seeing whether it is the draft. Knows scores, not where drafts come from.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from mellum_ls.runtime.errors import RequestError
from mellum_ls.runtime.healing import Healer


@dataclass(frozen=True, slots=True)
class Temperature:
    """How to draw: scores are divided by `value`; equal seeds draw alike with equal drafts."""

    value: float
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.value <= 10:
            raise RequestError(f"temperature is {self.value}, wanted more than 0 and at most 10")


class Sampling:
    """The tokens of one completion, drawn; the first ones spell what was typed, as in healing.Spelling."""

    plain = False

    def __init__(self, healer: Healer, typed: str, temperature: Temperature) -> None:
        self._healer, self._missing, self._temperature = healer, typed.encode(), temperature.value
        self._random = torch.Generator().manual_seed(temperature.seed)

    def choose(self, logits: Tensor) -> int:
        """Draw by the scores [V]."""
        return self._spelled(self._drawn(self._probabilities(logits)))

    def judge(self, logits: Tensor, draft: int, odds: Tensor | None) -> int:
        """The draft or another, distributed as by `choose`; `odds` [V] are those the draft was drawn with."""
        wanted = self._probabilities(logits)
        if odds is None:
            return self._spelled(self._drawn(wanted))
        offered = odds.cpu().double()
        if float(torch.rand((), generator=self._random, dtype=torch.float64)) * offered[draft] < wanted[draft]:
            return self._spelled(draft)
        rest = (wanted - offered).clamp_(min=0)
        # Rounding can leave nothing where the two are equal; then either may be drawn from.
        return self._spelled(self._drawn(rest if float(rest.sum()) > 0 else wanted))

    def draw(self, scores: Tensor) -> tuple[int, Tensor]:
        """A place drawn from the scores [ids] of a draft, and the probabilities [ids] it was drawn with."""
        odds = torch.softmax(scores.cpu().double() / self._temperature, dim=-1)
        return self._drawn(odds), odds

    def _probabilities(self, logits: Tensor) -> Tensor:
        scores = logits.cpu().double() / self._temperature
        if self._missing:
            fitting = self._healer.fitting(self._missing, scores.device)
            scores = torch.full_like(scores, float("-inf")).index_copy_(0, fitting, scores[fitting])
        return torch.softmax(scores, dim=-1)

    def _drawn(self, probabilities: Tensor) -> int:
        return int(torch.multinomial(probabilities, 1, generator=self._random))

    def _spelled(self, token: int) -> int:
        if self._missing:
            self._missing = self._missing[len(self._healer.piece(token)) :]
        return token
