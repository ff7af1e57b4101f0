"""Kneser-Ney: proper distributions, and figures that follow from the definition by hand."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mellum_ls.runtime.nano.ngram import ORDER, KneserNey

VOCAB = 7


@settings(deadline=None, derandomize=True, max_examples=60)
@given(
    st.lists(st.lists(st.integers(0, VOCAB - 1), max_size=30), min_size=1, max_size=4),
    st.lists(st.integers(0, VOCAB - 1), max_size=20),
)
def test_every_distribution_sums_to_one_and_allows_everything(documents: list[list[int]], ids: list[int]) -> None:
    model = KneserNey(documents, VOCAB)
    for distribution, matched in model.distributions(ids):
        assert distribution.shape == (VOCAB,)
        assert distribution.sum() == pytest.approx(1.0)
        assert distribution.min() > 0
        assert 1 <= matched <= ORDER


def test_long_contexts_decide_where_they_were_seen() -> None:
    rng = random.Random(0)
    documents = [[1, 2, 3, 4, 5] * 3 + [rng.randrange(VOCAB) for _ in range(20)] for _ in range(50)]
    model = KneserNey(documents, VOCAB)
    distribution, matched = model.distribution([1, 2, 3, 4])
    assert (int(distribution.argmax()), matched) == (5, ORDER)
    assert distribution[5] > 0.9


def test_lower_orders_count_contexts_and_not_occurrences() -> None:
    # 3 occurs often but only after 2; 4 occurs less often, after many different ids.
    documents = [[2, 3] for _ in range(20)] + [[i, 4] for i in (0, 1, 2, 3, 5)] * 2
    distribution, matched = KneserNey(documents, VOCAB).distribution([VOCAB, VOCAB, VOCAB, 6])
    assert matched == 1
    assert distribution[4] > 2 * distribution[3]


def test_the_weights_are_those_of_the_definition() -> None:
    model = KneserNey([[0, 1], [0, 1], [0, 2]], 4)
    bigrams = model.tables[1]
    # Contexts of the bigram table: rows of ids 0, 1, 2 and of the pad. After 0 came 1 and 2, each seen after the
    # one left neighbour "pad" only: continuation counts 1 and 1, discounted by D1.
    row = int(np.searchsorted(model.tables[0].keys, 0))
    inside = (bigrams.keys // 5 == row) & (bigrams.keys % 5 < 4)
    assert inside.sum() == 2
    first, second = bigrams.weight[inside]
    assert first == pytest.approx(second)
    assert first * 2 + bigrams.gamma[row] == pytest.approx(1.0)


def test_documents_do_not_run_into_one_another() -> None:
    model = KneserNey([[1, 2], [3, 4]] * 10, VOCAB)
    _, matched = model.distribution([VOCAB, VOCAB, 2, 3])
    assert matched <= 2
