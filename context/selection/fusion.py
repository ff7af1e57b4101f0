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
    sources: tuple[str, ...] = ()


def fuse(lists: Mapping[str, Sequence[Candidate]], like: str, weights: Mapping[str, float] = WEIGHTS) -> list[Scored]:
    """All candidates, the best first; of equal ones those whose file name ends like `like` first, then by place.

    What several sources offer adds up; its reason is that of the source which speaks for it most. What is not worth
    it is left out.
    """
    total: dict[Key, float] = {}
    best: dict[Key, tuple[float, Candidate]] = {}
    by: dict[Key, list[str]] = {}
    for source, candidates in lists.items():
        seen: set[Key] = set()
        for rank, candidate in enumerate(candidates):
            key = candidate.key
            if key in seen:
                continue
            seen.add(key)
            score = weights[source] / (_K + rank)
            total[key] = total.get(key, 0.0) + score
            by.setdefault(key, []).append(source)
            if key not in best or score > best[key][0]:
                best[key] = (score, candidate)
    ending = like.rpartition(".")[2]
    order = sorted(
        (key for key, score in total.items() if score >= LEAST_SCORE),
        key=lambda key: (-total[key], not key[0].endswith(f".{ending}"), key),
    )
    return [Scored(best[key][1], total[key], tuple(by[key])) for key in order]
