from collections.abc import Callable, Iterator

import pytest

from mellum_ls.runtime.bench.measure import MIN_REPEATS, Run, Spread, Subject, interleaved, percentile, ratio, timed
from mellum_ls.runtime.errors import BenchmarkError

Token = Callable[[int], None]


class Clock:
    """Stands still until a subject takes its time."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def worker(clock: Clock, ids: list[int], first_s: float, step_s: float) -> Subject:
    def generate(on_token: Token) -> None:
        clock.now += first_s
        for place, token in enumerate(ids):
            clock.now += step_s if place else 0
            on_token(token)

    return generate


def test_spread_by_hand() -> None:
    assert Spread.of([5.0, 1.0, 4.0, 2.0, 3.0]) == Spread(median=3.0, q1=2.0, q3=4.0, least=1.0, most=5.0)
    assert Spread.of([1.0, 2.0, 3.0, 4.0]) == Spread(median=2.5, q1=1.75, q3=3.25, least=1.0, most=4.0)
    assert Spread.of([7.0]) == Spread(7.0, 7.0, 7.0, 7.0, 7.0)
    figures = Spread.of([1.0, 1234.56]).figures()
    assert figures == {"median": 617.8, "q1": 309.4, "q3": 926.2, "min": 1.0, "max": 1235.0}


def test_percentiles_are_interpolated() -> None:
    assert percentile([], 50) is None
    assert percentile([4.0], 95) == 4.0
    assert percentile([3.0, 1.0, 2.0], 50) == 2.0
    assert percentile([0.0, 10.0], 95) == pytest.approx(9.5)


def test_a_run_is_timed_by_the_given_clock() -> None:
    clock = Clock()
    run = timed(worker(clock, [7, 8, 9], first_s=2.0, step_s=0.25), clock)
    assert run == Run((7, 8, 9), first_s=2.0, rest_s=0.5)
    assert run.prefill_rate(100) == 50.0
    assert run.decode_rate == 4.0


@pytest.mark.parametrize("ids", [[], [1]])
def test_too_few_tokens_give_no_figure(ids: list[int]) -> None:
    clock = Clock()
    with pytest.raises(BenchmarkError, match=f"{len(ids)} tokens"):
        timed(worker(clock, ids, 1.0, 1.0), clock)


def test_subjects_take_turns_and_the_first_turn_is_not_counted() -> None:
    clock, order = Clock(), []
    seconds: Iterator[int] = iter(range(1, 100))

    def subject(name: str) -> Subject:
        def generate(on_token: Token) -> None:
            order.append(name)
            worker(clock, [1, 2], next(seconds), 1.0)(on_token)

        return generate

    runs = interleaved({"a": subject("a"), "b": subject("b")}, 5, clock)
    assert "".join(order) == "ab" + "ba" + "ab" + "ba" + "ab" + "ba"
    assert [run.first_s for run in runs["a"]] == [4, 5, 8, 9, 12]
    assert [run.first_s for run in runs["b"]] == [3, 6, 7, 10, 11]


def test_different_tokens_are_refused_and_the_place_is_named() -> None:
    clock = Clock()
    subjects = {"ours": worker(clock, [1, 2, 3], 1, 1), "theirs": worker(clock, [1, 2, 4], 1, 1)}
    with pytest.raises(BenchmarkError, match=r"theirs gave 3 tokens .* at token 2"):
        interleaved(subjects, 5, clock)
    shorter = {"ours": worker(clock, [1, 2, 3], 1, 1), "theirs": worker(clock, [1, 2], 1, 1)}
    with pytest.raises(BenchmarkError, match=r"theirs gave 2 tokens .* at token 2"):
        interleaved(shorter, 5, clock)


def test_a_subject_that_is_free_may_give_other_tokens_but_no_fewer() -> None:
    clock = Clock()
    subjects = {"ours": worker(clock, [1, 2, 3], 1, 1), "free": worker(clock, [1, 2, 4], 1, 1)}
    assert {run.ids for run in interleaved(subjects, 5, clock, ("free",))["free"]} == {(1, 2, 4)}
    subjects["free"] = worker(clock, [1, 2], 1, 1)
    with pytest.raises(BenchmarkError, match=r"free gave 2 tokens"):
        interleaved(subjects, 5, clock, ("free",))


def test_a_subject_that_changes_its_answer_is_refused() -> None:
    clock, turns = Clock(), iter(range(100))

    def fickle(on_token: Token) -> None:
        worker(clock, [1, 5 if next(turns) == 3 else 2], 1, 1)(on_token)

    with pytest.raises(BenchmarkError, match="fickle"):
        interleaved({"fickle": fickle}, 5, clock)


def test_few_repeats_are_refused() -> None:
    clock = Clock()
    with pytest.raises(BenchmarkError, match="4 repeats"):
        interleaved({"a": worker(clock, [1, 2], 1, 1)}, MIN_REPEATS - 1, clock)


def test_the_ratio_is_taken_turn_by_turn() -> None:
    """The machine halves its speed for the last two turns: each ratio is still 2, that of sums is not asked."""
    assert ratio([8.0, 8.0, 4.0, 4.0], [4.0, 4.0, 2.0, 2.0]) == Spread(2.0, 2.0, 2.0, 2.0, 2.0)
