"""Warm-up, hold, decay."""

from mellum_ls.runtime.nano.schedule import rate, recursion_starts


def test_the_rate_warms_up_holds_and_ends_at_zero() -> None:
    rates = [rate(step, 1000) for step in range(1001)]
    assert rates[0] == 1 / 100
    assert rates[99] == rates[400] == 1.0
    assert rates[1000] == 0.0
    assert sorted(rates[650:], reverse=True) == rates[650:]


def test_the_recursion_is_tuned_at_the_end() -> None:
    assert recursion_starts(1000) == 650
