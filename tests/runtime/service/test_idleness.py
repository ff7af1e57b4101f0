from __future__ import annotations

from mellum_ls.runtime.service.idleness import Idleness
from tests.fakes.timers import HandTimers


def watched(cache_seconds: float = 10.0, end_seconds: float = 100.0) -> tuple[Idleness, HandTimers, list[str]]:
    timers, done = HandTimers(), list[str]()
    idleness = Idleness(
        timers.call_later, cache_seconds, lambda: done.append("drop"), end_seconds, lambda: done.append("end")
    )
    return idleness, timers, done


def test_first_the_cache_goes_and_then_the_process() -> None:
    idleness, timers, done = watched()
    idleness.note(1, 0)
    idleness.note(1, 1)
    timers.advance(1000.0)  # a completion may take any time
    idleness.note(1, 0)
    timers.advance(9.0)
    idleness.note(0, 0)
    timers.advance(0.9)
    assert done == []
    timers.advance(0.1)
    assert done == ["drop"]
    timers.advance(98.0)
    assert done == ["drop"]
    timers.advance(1.0)
    assert done == ["drop", "end"]


def test_a_client_keeps_the_process_but_not_the_cache() -> None:
    idleness, timers, done = watched()
    idleness.note(1, 1)
    idleness.note(1, 0)
    timers.advance(1000.0)
    assert done == ["drop"]
    idleness.note(2, 0)
    idleness.note(1, 0)
    timers.advance(1000.0)
    assert done == ["drop"], "dropped once, until there is work again"
    idleness.note(1, 1)
    idleness.note(1, 0)
    timers.advance(10.0)
    assert done == ["drop", "drop"]


def test_work_and_clients_start_the_waiting_anew() -> None:
    idleness, timers, done = watched(cache_seconds=10.0, end_seconds=10.0)
    for _ in range(5):
        idleness.note(1, 1)
        idleness.note(1, 0)
        idleness.note(0, 0)
        timers.advance(9.0)
    assert done == []
    idleness.note(0, 0)  # more of the same changes nothing
    timers.advance(1.0)
    assert sorted(done) == ["drop", "end"]


def test_without_work_there_is_no_cache_to_drop() -> None:
    idleness, timers, done = watched()
    idleness.note(0, 0)
    timers.advance(99.0)
    assert done == []
    timers.advance(1.0)
    assert done == ["end"]
