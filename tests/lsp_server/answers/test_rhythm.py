from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mellum_ls.lsp_server.answers.rhythm import Rhythm

MOST = 0.150


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def typed(gaps: list[float], latency: float = 0.0) -> Rhythm:
    clock = Clock()
    rhythm = Rhythm(clock)
    if latency:
        for _ in range(20):
            rhythm.answered(latency)
    rhythm.key()
    for gap in gaps:
        clock.now += gap
        rhythm.key()
    return rhythm


@pytest.mark.parametrize(
    ("gaps", "latency", "wait"),
    [
        ([], 0.0, 0.0),
        ([0.030], 0.0, 0.045),
        ([0.033] * 30, 0.0, 0.0495),
        ([0.200] * 5, 0.0, 0.0),
        ([0.200] * 5, 0.1, 0.0),
        ([0.200] * 5, 0.5, MOST),
        ([0.060] * 5, 0.5, 0.090),
        ([0.033, 5.0], 0.0, 0.0),
    ],
    ids=[
        "the first key",
        "the second of a burst",
        "a burst",
        "a typist whom the model can follow",
        "still",
        "one whom it cannot follow",
        "a burst before a slow model",
        "after a pause",
    ],
)
def test_waits(gaps: list[float], latency: float, wait: float) -> None:
    assert typed(gaps, latency).wait(MOST) == pytest.approx(wait)


def test_nobody_waits_where_it_is_switched_off() -> None:
    assert typed([0.01] * 5).wait(0.0) == 0.0


@given(gaps=st.lists(st.floats(0, 10), max_size=30), latency=st.floats(0, 10), most=st.floats(0, 1))
def test_the_wait_has_its_bounds(gaps: list[float], latency: float, most: float) -> None:
    assert 0.0 <= typed(gaps, latency).wait(most) <= most


@given(st.floats(0.005, 0.09), st.integers(2, 30))
def test_in_a_steady_burst_the_wait_outlasts_the_gap(gap: float, keys: int) -> None:
    assert typed([gap] * keys).wait(MOST) > gap
