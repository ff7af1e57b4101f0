"""The cached n-gram opponent: proper probabilities, an exact window, and a cache that pays."""

import math
import random
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mellum_ls.runtime.nano import baseline
from mellum_ls.runtime.nano.baseline import Baseline, RecentText
from mellum_ls.runtime.nano.ngram import KneserNey

VOCAB = 12


def documents(seed: int, count: int = 40) -> list[list[int]]:
    """Each document repeats a private pattern that no other document has."""
    rng = random.Random(seed)
    return [[rng.randrange(VOCAB) for _ in range(6)] * 5 for _ in range(count)]


@settings(deadline=None, derandomize=True, max_examples=40)
@given(st.lists(st.integers(0, 3), max_size=60), st.integers(4, 12))
def test_the_cache_counts_exactly_its_window(ids: list[int], size: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(baseline, "CACHE_TOKENS", size)
        recent = RecentText(4)
        for position, token in enumerate(ids):
            window = ids[max(0, position - size) : position]
            assert len(recent) == len(window)
            assert recent.unigrams.tolist() == [window.count(value) for value in range(4)]
            wanted = []
            for length in (1, 2):
                context = window[len(window) - length :]
                # What followed the context inside the window.
                after = Counter(
                    window[i + length] for i in range(len(window) - length) if window[i : i + length] == context
                )
                if length > len(window) or not after:
                    break
                wanted.append(after)
            assert recent.followers() == wanted
            recent.push(token)


def test_mixtures_sum_to_one_for_every_pair_of_orders() -> None:
    model = Baseline(KneserNey(documents(1), VOCAB), documents(2, 5))
    assert model.weights.sum(axis=-1) == pytest.approx(np.ones(model.weights.shape[:2]))
    assert model.weights.min() >= 0


def test_scores_are_probabilities_of_one_distribution() -> None:
    model = Baseline(KneserNey(documents(1), VOCAB), documents(2, 5))
    ids = documents(3, 1)[0]
    for position in (1, 7, 20):
        total = 0.0
        for token in range(VOCAB):
            *_, last = model.score([*ids[:position], token], position)
            total += math.exp(last.log_probability)
        assert total == pytest.approx(1.0)


def test_the_cache_learns_a_file_that_the_counts_never_saw() -> None:
    static = KneserNey(documents(1), VOCAB)
    model = Baseline(static, documents(2, 5))
    ids = documents(3, 1)[0]
    scores = list(model.score(ids, 6))
    alone = [float(np.log(d[t])) for t, (d, _) in zip(ids, static.distributions(ids), strict=True)][6:]
    assert len(scores) == len(alone) == 24
    assert sum(score.log_probability for score in scores) > sum(alone) + 10
    assert sum(score.top for score in scores) >= 16
