from random import Random
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from mellum_ls.lsp_server.model.backend import Usage
from mellum_ls.lsp_server.reports.outcomes import Ending, Outcome, Outcomes


def test_before_the_first_request_there_is_no_last_one() -> None:
    report = Outcomes().report()
    assert report == {
        "requests": 0,
        "answered": 0,
        "empty": 0,
        "superseded": 0,
        "cancelled": 0,
        "failed": 0,
        "warmUps": 0,
        "lastRequest": None,
    }


def test_what_the_last_request_cost() -> None:
    outcomes = Outcomes()
    outcomes.end(outcomes.begin(), Outcome("answered", "", "line", Usage(9, 2, 3, 4.5, 6.5)))
    assert outcomes.report()["lastRequest"] == {
        "promptTokens": 9,
        "computedTokens": 2,
        "generatedTokens": 3,
        "firstTokenMs": 4.5,
        "totalMs": 6.5,
        "reason": "line",
    }


def test_what_nobody_knows_is_null() -> None:
    outcomes = Outcomes()
    outcomes.end(outcomes.begin(), Outcome("superseded", "why"))
    figures = outcomes.report()["lastRequest"]
    assert isinstance(figures, dict)
    assert figures.pop("reason") == "superseded"
    assert set(figures.values()) == {None}


def test_an_older_request_that_ends_late_says_nothing_of_the_last() -> None:
    outcomes = Outcomes()
    older, newer = outcomes.begin(), outcomes.begin()
    outcomes.end(newer, Outcome("answered"))
    outcomes.end(older, Outcome("superseded", "why"))
    assert outcomes.last == Outcome("answered")
    assert (outcomes.report()["answered"], outcomes.report()["superseded"]) == (1, 1)


@given(st.lists(st.sampled_from([*get_args(Ending), None]), max_size=20), st.randoms(use_true_random=False))
def test_every_request_is_counted_once(endings: list[Ending | None], dice: Random) -> None:
    outcomes = Outcomes()
    begun = [(outcomes.begin(), ending) for ending in endings]
    dice.shuffle(begun)
    for number, ending in begun:
        if ending is not None:  # else it is still under way
            outcomes.end(number, Outcome(ending))
    report = outcomes.report()
    assert report["requests"] == len(endings)
    assert {name: report[name] for name in get_args(Ending)} == {name: endings.count(name) for name in get_args(Ending)}
