"""One ranking of many: reciprocal rank fusion of what the sources offer. Knows ranks and weights, no texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from mellum_ls.context.selection.candidates import Candidate, Key

_K = 60
"""Cormack et al. 2009: large enough that one source's first place does not outweigh two sources' tenth."""

WEIGHTS: Mapping[str, float] = {
    "exports": 1.3,
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
    "open files": 2.4,
}
LEAST_SCORE = 0.4 / (_K + 240)
"""What is ranked lower than the 240th of the weakest source is not worth reading."""


class Scored(NamedTuple):
    """A candidate and what speaks for it."""

    candidate: Candidate
    score: float
    key: Key
    """The candidate's, made once: a choice looks thousands of them up."""
    sources: tuple[str, ...] = ()


def fuse(
    lists: Mapping[str, Sequence[Candidate]],
    like: str,
    weights: Mapping[str, float] = WEIGHTS,
    most: int = 10_000,
) -> list[Scored]:
    """All candidates, the best first; of equal ones those whose file name ends like `like` first, then by place.

    What several sources offer adds up; its reason is that of the source which speaks for it most. What is not worth
    it is left out, and of each source what comes after its first `most`.
    """
    found: dict[Key, Scored] = {}
    best: dict[Key, float] = {}
    for source, candidates in lists.items():
        weight, mine = weights[source], (source,)
        for rank, candidate in enumerate(islice(candidates, most)):
            key, score = candidate.key, weight / (_K + rank)
            known = found.get(key)
            if known is None:
                found[key] = Scored(candidate, score, key, mine)
                best[key] = score
            elif known.sources[-1] != source:
                if score > best[key]:
                    best[key] = score
                else:
                    candidate = known.candidate
                found[key] = Scored(candidate, known.score + score, key, known.sources + mine)
    ending = "." + like.rpartition(".")[2]
    return sorted(
        (item for item in found.values() if item.score >= LEAST_SCORE),
        key=lambda item: (-item.score, not item.key[0].endswith(ending), item.key),
    )
