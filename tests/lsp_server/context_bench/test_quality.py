import math

import pytest

from mellum_ls.lsp_server.context_bench.arms import ARMS
from mellum_ls.lsp_server.context_bench.quality import Scored, oracle_share, perplexity, ratio, summary


def scored(none: float, ours: float, oracle: float, tokens: int = 4, exact: bool | None = None) -> Scored:
    nats = {"none": none, "open": none, "ours": ours, "oracle": oracle}
    return Scored("k", tokens, nats, dict.fromkeys(ARMS, exact), dict.fromkeys(ARMS, 100))  # type: ignore[arg-type]


def test_perplexity_is_that_of_a_token() -> None:
    some = [scored(-4.0, -2.0, -1.0, 4), scored(-2.0, -1.0, -1.0, 2)]
    assert perplexity(some, "none") == pytest.approx(math.e)
    assert perplexity(some, "ours") == pytest.approx(math.exp(0.5))
    assert ratio(some, "ours", "none") == pytest.approx(math.exp(-0.5))
    assert oracle_share(some) == pytest.approx(3 / 4)


def test_the_interval_holds_the_value_and_is_narrow_where_all_cases_agree() -> None:
    figures = summary([scored(-4.0, -3.0, -2.0)] * 20)
    arms = figures["arms"]
    assert isinstance(arms, dict)
    assert arms["none"]["perplexity"] == {"value": 2.718, "low": 2.718, "high": 2.718}
    assert figures["share_of_oracle_gain"] == {"value": 0.5, "low": 0.5, "high": 0.5}
    mixed = summary([scored(-4.0, -1.0, -1.0)] * 10 + [scored(-4.0, -6.0, -1.0)] * 10)["ours_to_none"]
    assert isinstance(mixed, dict)
    assert mixed["low"] < mixed["value"] < mixed["high"]
    assert summary([scored(-4.0, -3.0, -2.0), scored(-1.0, -3.0, -2.0)]) == summary(
        [scored(-4.0, -3.0, -2.0), scored(-1.0, -3.0, -2.0)]
    )


def test_exact_lines_are_counted_where_they_were_wanted() -> None:
    figures = summary([scored(-1, -1, -1, exact=True), scored(-1, -1, -1, exact=False), scored(-1, -1, -1)])
    arms = figures["arms"]
    assert isinstance(arms, dict)
    assert arms["ours"]["exact"] == {"cases": 2, "share": 0.5}
    silent = summary([scored(-1, -1, -1)])["arms"]
    assert isinstance(silent, dict)
    assert silent["ours"]["exact"] is None


def test_an_oracle_that_gains_nothing_has_no_share() -> None:
    assert math.isnan(oracle_share([scored(-1.0, -0.5, -1.0)]))
    assert summary([scored(-1.0, -0.5, -1.0)])["share_of_oracle_gain"] == {"value": None, "low": None, "high": None}
