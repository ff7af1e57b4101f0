"""What a source of drafts is. Knows ids and how good a guess like this one tends to be; no model, no cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from torch import Tensor

ANY = -1
"""The strength that stands for all of them."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The kind of guess that one drafted token is: those alike share what was learned of them."""

    source: str
    place: int
    """How many drafted tokens stand before it, counted up to a few."""
    strength: int = 0
    """How much speaks for it, by a scale of the source's own."""
    prior: float = field(default=0.5, compare=False)
    """How likely it holds, before anything was learned."""


def alike(source: str, count: int, places: int, strength: int, prior: float) -> tuple[Evidence, ...]:
    """The evidence for `count` tokens of one guess, of which those behind `places` are of one kind.

    They share it: guesses are long, and most of them are never looked at.
    """
    kinds = [Evidence(source, place, strength, prior) for place in range(min(count, places + 1))]
    return (*kinds, *kinds[-1:] * (count - len(kinds)))


@dataclass(frozen=True, slots=True)
class Proposal:
    """Tokens that may come next, in order, with the evidence for each."""

    ids: tuple[int, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    odds: tuple[Tensor | None, ...] = ()
    """For tokens that were drawn: the probabilities [V] they were drawn with; none for those that were not."""

    def first(self, count: int) -> Proposal:
        """Its beginning."""
        return self if count >= len(self.ids) else Proposal(self.ids[:count], self.evidence[:count], self.odds[:count])


NOTHING = Proposal()


class Source(Protocol):
    """Guesses what comes next in one completion."""

    name: str

    def took(self, ids: Sequence[int]) -> None:
        """These tokens are certain now; they follow what was told before."""

    def propose(self, most: int) -> Proposal:
        """Up to `most` tokens; costs the device nothing."""
