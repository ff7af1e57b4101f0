"""A rest is taken by whoever is asked to, wherever it computes, and never outlasts its time."""

import pickle
import signal
import sys
import time
from collections.abc import Iterator
from multiprocessing.reduction import ForkingPickler

import pytest

from mellum_ls.context.index.rest import LOOK_SECONDS, Rest


class Clock:
    """Time that passes by sleeping alone."""

    def __init__(self) -> None:
        self.now = 100.0
        self.sleeps: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def rest(clock: Clock) -> Rest:
    return Rest(clock)


@pytest.fixture
def timer() -> Iterator[None]:
    """Leaves the process as it was."""
    before = signal.getsignal(signal.SIGPROF)
    yield
    signal.setitimer(signal.ITIMER_PROF, 0.0)
    signal.signal(signal.SIGPROF, before)


def test_without_a_rest_nobody_sleeps(rest: Rest, clock: Clock) -> None:
    rest.take(clock.sleep)
    assert clock.sleeps == []


def test_a_rest_lasts_as_long_as_was_said_in_short_looks(rest: Rest, clock: Clock) -> None:
    rest.begin(0.042)
    rest.take(clock.sleep)
    assert clock.now == pytest.approx(100.042)
    assert max(clock.sleeps) <= LOOK_SECONDS


def test_it_can_be_ended_while_it_is_taken(rest: Rest, clock: Clock) -> None:
    def sleep(seconds: float) -> None:
        clock.sleep(seconds)
        if len(clock.sleeps) == 3:
            rest.begin(0.0)

    rest.begin(1.0)
    rest.take(sleep)
    assert len(clock.sleeps) == 3


def test_it_goes_to_other_processes_only_when_they_are_started() -> None:
    with pytest.raises(RuntimeError, match="inheritance"):
        pickle.loads(ForkingPickler.dumps(Rest()))


@pytest.mark.skipif(sys.platform == "win32", reason="timers of POSIX")
@pytest.mark.usefixtures("timer")
def test_it_is_taken_in_the_midst_of_computing(rest: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[bool] = []
    monkeypatch.setattr(rest, "take", lambda: taken.append(True))
    rest.take_anywhere()
    computed = time.process_time()
    while len(taken) < 3 and time.process_time() - computed < 10.0:
        pass
    assert len(taken) >= 3
