import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mellum_ls.context.selection.budget import LEAST_TOKENS, WINDOW_SHARE, budgets

speeds = st.floats(0.1, 100_000)
seconds = st.floats(0.001, 600)
widths = st.floats(1, 8)
windows = st.integers(256, 131_072)


@given(speeds, seconds, widths, windows)
def test_the_whole_stays_within_time_and_window(speed: float, time: float, width: float, window: int) -> None:
    found = budgets(speed, time, width, window)
    assert min(found.prefix, found.suffix, found.stable, found.volatile) >= 0
    assert found.total <= window * WINDOW_SHARE * width
    assert found.total <= max(speed * time, LEAST_TOKENS) * width + 1


@given(speeds, seconds, widths, windows, st.floats(1, 50))
def test_more_of_anything_never_makes_a_kind_smaller(
    speed: float, time: float, width: float, window: int, factor: float
) -> None:
    least = budgets(speed, time, width, window)
    for more in (
        budgets(speed * factor, time, width, window),
        budgets(speed, time * factor, width, window),
        budgets(speed, time, width, int(window * factor)),
    ):
        assert more.prefix >= least.prefix
        assert more.suffix >= least.suffix
        assert more.volatile >= least.volatile
        assert more.stable >= least.stable - 1  # rounding


@given(speeds, seconds, windows)
def test_even_a_slow_machine_has_room_for_a_prompt(speed: float, time: float, window: int) -> None:
    assume(window * WINDOW_SHARE >= LEAST_TOKENS)
    found = budgets(speed, time, 3.0, window)
    assert found.total >= LEAST_TOKENS * 3.0 - 4
    assert found.prefix >= 0.3 * LEAST_TOKENS * 3.0


def test_a_large_window_goes_to_the_repository() -> None:
    small, large = budgets(8192, 1, 3.5, 131_072), budgets(120_000, 1, 3.5, 131_072)
    assert small.stable / small.total == pytest.approx(0.35, abs=0.01)
    assert large.stable / large.total > 0.8


@pytest.mark.parametrize("bad", [(0, 1, 1, 1), (1, -1, 1, 1), (1, 1, 0, 1), (1, 1, 1, 0)])
def test_numbers_that_make_no_sense_are_refused(bad: tuple[float, float, float, int]) -> None:
    with pytest.raises(ValueError, match="above 0"):
        budgets(*bad)
