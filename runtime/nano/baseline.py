"""The opponent of the trained model: a 5-gram mixed with a cache of the file's own recent n-grams.

Both read the same token ids. All weights are tuned on training files that the counts did not see; no held-out
text is looked at before it is scored.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mellum_ls.runtime.nano.ngram import ORDER, KneserNey

CACHE_ORDER = 3
CACHE_TOKENS = 2048
ROUNDS = 20
Values = NDArray[np.float64]


class RecentText:
    """Counts of the last CACHE_TOKENS ids of one file: single ids, and what followed one or two of them."""

    def __init__(self, vocab_size: int) -> None:
        self.unigrams = np.zeros(vocab_size)
        self._window: deque[int] = deque()
        self._after: dict[tuple[int, ...], Counter[int]] = defaultdict(Counter)

    def __len__(self) -> int:
        return len(self._window)

    def followers(self) -> list[Counter[int]]:
        """What followed the last id, and the last two; shorter where a context is new."""
        found: list[Counter[int]] = []
        for length in range(1, min(CACHE_ORDER - 1, len(self._window)) + 1):
            counts = self._after.get(tuple(self._window[i] for i in range(-length, 0)))
            if not counts:
                break
            found.append(counts)
        return found

    def push(self, token: int) -> None:
        """Add the next id and forget the oldest one when the window is full."""
        for length in range(1, min(CACHE_ORDER - 1, len(self._window)) + 1):
            self._after[tuple(self._window[i] for i in range(-length, 0))][token] += 1
        self._window.append(token)
        self.unigrams[token] += 1
        if len(self._window) > CACHE_TOKENS:
            for length in range(1, CACHE_ORDER):
                self._forget(tuple(self._window[i] for i in range(length)), self._window[length])
            self.unigrams[self._window.popleft()] -= 1

    def _forget(self, context: tuple[int, ...], token: int) -> None:
        counts = self._after[context]
        counts[token] -= 1
        if counts[token] == 0:
            del counts[token]
        if not counts:
            del self._after[context]


@dataclass(frozen=True, slots=True)
class TokenScore:
    """One position: natural logarithm of the true id's probability, and whether it was the likeliest id."""

    log_probability: float
    top: bool


class Baseline:
    """A static model mixed with the caches of RecentText.

    `weights[n-gram order matched, longest cached context]` = shares of static, unigram, bigram, trigram; sum
    1.
    """

    def __init__(self, static: KneserNey, tuning: Iterable[Sequence[int]]) -> None:
        self.static = static
        self.weights = self._tune(tuning)

    def score(self, ids: Sequence[int], start: int) -> Iterator[TokenScore]:
        """Scores of ids[start:] of one document, each from all ids before it."""
        recent = RecentText(self.static.vocab_size)
        for position, (distribution, matched) in enumerate(self.static.distributions(ids)):
            token = ids[position]
            if position >= start:
                caches = recent.followers()
                weights = self.weights[matched, len(caches)]
                distribution *= weights[0] if len(recent) else 1.0
                distribution += recent.unigrams * (weights[1] / max(1, len(recent)))
                for weight, counts in zip(weights[2:], caches, strict=False):
                    seen = np.fromiter(counts, dtype=np.int64, count=len(counts))
                    times = np.fromiter(counts.values(), dtype=np.float64, count=len(counts))
                    distribution[seen] += times * (weight / times.sum())
                yield TokenScore(float(np.log(distribution[token])), int(distribution.argmax()) == token)
            recent.push(token)

    def _tune(self, documents: Iterable[Sequence[int]]) -> Values:
        """Weights by expectation maximisation (Jelinek and Mercer 1980) for each pair of orders."""
        rows: dict[tuple[int, int], list[list[float]]] = defaultdict(list)
        for ids in documents:
            recent = RecentText(self.static.vocab_size)
            for token, (distribution, matched) in zip(ids, self.static.distributions(ids), strict=True):
                caches = recent.followers()
                shares = [counts[token] / counts.total() for counts in caches]
                unigram = float(recent.unigrams[token]) / max(1, len(recent))
                rows[matched, len(caches)].append([float(distribution[token]), unigram, *shares])
                recent.push(token)
        weights = np.zeros((ORDER + 1, CACHE_ORDER, CACHE_ORDER + 1))
        for matched in range(ORDER + 1):
            for depth in range(CACHE_ORDER):
                seen = rows.get((matched, depth))
                weights[matched, depth, : depth + 2] = _mixture(np.array(seen) if seen else np.ones((1, depth + 2)))
        return weights


def _mixture(probabilities: Values) -> Values:
    """Weights, [components], that make rows of probabilities, [positions, components], likeliest."""
    components = probabilities.shape[1]
    # One position's worth of even weights stays in, so that the static model never loses all of its share.
    weights = np.full(components, 1.0 / components)
    for _ in range(ROUNDS):
        parts = probabilities * weights
        responsibility = parts / parts.sum(axis=1, keepdims=True)
        weights = (responsibility.sum(axis=0) + 1.0 / components) / (len(probabilities) + 1.0)
    return weights
