"""Scores of suggestions, on cases that a person can check."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mellum_ls.runtime.nano.metrics import edit_similarity, exact_match, has_repetition, levenshtein, summarise

SHORT = st.text(alphabet="abc", max_size=8)


@pytest.mark.parametrize(
    ("left", "right", "distance"),
    [("", "", 0), ("", "abc", 3), ("kitten", "sitting", 3), ("flaw", "lawn", 2), ("abc", "abc", 0)],
)
def test_levenshtein_of_known_pairs(left: str, right: str, distance: int) -> None:
    assert levenshtein(left, right) == distance


@given(SHORT, SHORT, SHORT)
def test_levenshtein_is_a_metric(a: str, b: str, c: str) -> None:
    assert levenshtein(a, b) == levenshtein(b, a)
    assert (levenshtein(a, b) == 0) == (a == b)
    assert levenshtein(a, c) <= levenshtein(a, b) + levenshtein(b, c)
    assert 0.0 <= edit_similarity(a, b) <= 1.0


@pytest.mark.parametrize(
    ("suggestion", "truth", "equal"),
    [("x = 1", "x = 1  ", True), (" x = 1", "x = 1", False), ("x = 1", "x = 2", False), ("", "", True)],
)
def test_exact_match_forgives_trailing_space_only(suggestion: str, truth: str, equal: bool) -> None:
    assert exact_match(suggestion, truth) is equal


@pytest.mark.parametrize(
    ("text", "looping"),
    [
        ("a = 1\nb = 2\na = 1\nb = 2", False),
        ("    x()\n    x()\n    x()", True),
        ("x()\n\nx()\n\nx()", True),
        ("foo(bar(foo(bar(foo(bar(foo(bar(", True),
        ("self.a.a.a.a", True),
        ("f(a, b, c, d)", False),
        ("# ==================", False),
        ("[0, 1, 2, 3]", False),
        ("", False),
    ],
)
def test_repetition_is_what_a_reader_would_call_a_loop(text: str, looping: bool) -> None:
    assert has_repetition(text) is looping


def test_a_summary_is_the_mean_over_all() -> None:
    scores = summarise(["ab", "", "xy xy xy xy"], ["ab", "abcd", "q"], [False, False, True])
    assert scores.count == 3
    assert scores.exact_match == pytest.approx(1 / 3)
    assert scores.edit_similarity == pytest.approx(1 / 3)
    assert (scores.empty, scores.hit_budget, scores.repetition) == pytest.approx((1 / 3, 1 / 3, 1 / 3))
    assert summarise([], [], []).exact_match == 0.0
    with pytest.raises(ValueError, match="zip"):
        summarise(["a"], [], [])
