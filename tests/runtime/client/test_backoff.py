from __future__ import annotations

from mellum_ls.runtime.client.backoff import Backoff, pause_after


def test_pauses_double_up_to_the_limit() -> None:
    assert [pause_after(n) for n in range(1, 10)] == [0, 0.5, 1, 2, 4, 8, 16, 30, 30]
    assert pause_after(10_000) == 30


def test_starts_wait_for_the_clock_and_success_forgets() -> None:
    now = 50.0
    backoff = Backoff(lambda: now)
    assert backoff.may_start()
    backoff.failed("first")
    assert backoff.may_start()
    backoff.failed("second")
    assert not backoff.may_start()
    assert backoff.trouble == "second"
    assert backoff.explain() == "second (trying again in 0.5 s, after 2 failures)"
    now += 0.5
    assert backoff.may_start()
    backoff.failed("third")
    now += 0.75
    assert not backoff.may_start()
    backoff.succeeded()
    assert backoff.may_start()
    backoff.failed("first again")
    assert backoff.may_start()
