"""One ranking of many: reciprocal rank fusion of what the sources offer. Knows ranks and weights, no texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mellum_ls.context.selection.candidates import Candidate, Key

_K = 60
"""Cormack et al. 2009: large enough that one source's first place does not outweigh two sources' tenth."""

WEIGHTS: Mapping[str, float] = {
    "definitions": 1.0,
    "members": 0.85,
    "modules": 0.75,
    "echoes": 0.5,
    "counterparts": 0.5,
    "opened": 0.45,
    "cochanged": 0.4,
    "neighbours": 0.4,
    "bodies": 1.0,
    "places": 0.9,
    "similar": 0.9,
    "open files": 0.8,
}
LEAST_SCORE = 0.4 / (_K + 240)
"""What is ranked lower than the 240th of the weakest source is not worth reading."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A candidate and what speaks for it."""

    candidate: Candidate
    score: float
    key: Key
    """The candidate's, made once: a choice looks thousands of them up."""
    sources: tuple[str, ...] = ()


def fuse(lists: Mapping[str, Sequence[Candidate]], like: str, weights: Mapping[str, float] = WEIGHTS) -> list[Scored]:
    """All candidates, the best first; of equal ones those whose file name ends like `like` first, then by place.

    What several sources offer adds up; its reason is that of the source which speaks for it most. What is not worth
    it is left out.
    """
    found: dict[Key, list[tuple[float, str, Candidate]]] = {}
    for source, candidates in lists.items():
        weight = weights[source]
        seen: set[Key] = set()
        for rank, candidate in enumerate(candidates):
            key = candidate.key
            if key not in seen:
                seen.add(key)
                found.setdefault(key, []).append((weight / (_K + rank), source, candidate))
    ending = "." + like.rpartition(".")[2]
    fused = [_joined(key, offers) for key, offers in found.items()]
    return sorted(
        (item for item in fused if item.score >= LEAST_SCORE),
        key=lambda item: (-item.score, not item.key[0].endswith(ending), item.key),
    )


def _joined(key: Key, offers: list[tuple[float, str, Candidate]]) -> Scored:
    if len(offers) == 1:
        score, source, candidate = offers[0]
        return Scored(candidate, score, key, (source,))
    _, _, best = max(offers, key=lambda offer: offer[0])
    return Scored(best, sum(offer[0] for offer in offers), key, tuple(offer[1] for offer in offers))
