"""Costs are measured once for a model on a device, leave nothing behind in the model, and rise."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mellum_ls.kernels._triton.projection import MOST_ROWS
from mellum_ls.runtime.drafting import measuring
from mellum_ls.runtime.drafting.costs import Costs
from mellum_ls.runtime.drafting.measuring import CHAIN, SIZES, costs_of, measure
from mellum_ls.runtime.drafting.policy import Adaptive
from mellum_ls.runtime.drafting.source import Evidence
from mellum_ls.runtime.engine import Engine
from tests.fakes.checkpoints import small_config, write_checkpoint

MTP = {"num_nextn_predict_layers": 1, "mtp_layer_types": ["sliding_attention"], "mtp_mlp_layer_types": ["sparse"]}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return Engine.load(write_checkpoint(tmp_path_factory.mktemp("m"), small_config(**MTP), mtp=True))


def ticks(step: float) -> Iterator[float]:
    now = 0.0
    while True:
        yield now
        now += step


def test_every_size_is_timed_and_the_layer_too(engine: Engine) -> None:
    clock = ticks(0.001)
    costs = measure(engine.model, engine.mtp, engine.tokenizer, lambda: next(clock))
    assert [size for size, _ in costs.passes] == list(SIZES)
    assert all(seconds == pytest.approx(0.001) for _, seconds in costs.passes)
    assert costs.draft == pytest.approx(0.001 / CHAIN)
    assert measure(engine.model, None, engine.tokenizer, lambda: next(clock)).draft == 0


def test_a_slow_model_is_timed_with_few_sizes(engine: Engine) -> None:
    clock = ticks(2.0)
    costs = measure(engine.model, None, engine.tokenizer, lambda: next(clock))
    assert [size for size, _ in costs.passes] == [1, 2]


def test_the_second_time_the_kept_figures_serve(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = costs_of(engine.model, engine.mtp, engine.tokenizer, tmp_path, "a")
    times: list[int] = []
    monkeypatch.setattr(measuring, "measure", lambda *args: times.append(1) or first)
    assert costs_of(engine.model, engine.mtp, engine.tokenizer, tmp_path, "a") == first
    assert not times
    costs_of(engine.model, engine.mtp, engine.tokenizer, tmp_path, "another model")
    assert times == [1]


def test_the_edge_of_what_a_gpu_replays_is_measured_on_both_sides() -> None:
    assert {MOST_ROWS, MOST_ROWS + 1} <= set(SIZES)
    # A pass of 17 takes much longer than one of 16, and what comes before the drafts counts.
    costs = Costs(tuple((size, 0.3 + size / 100 if size <= MOST_ROWS else 30.0 + size / 100) for size in SIZES), 0.1)
    policy, sure = Adaptive(costs), [Evidence("s", 0, 0, 0.95)] * 40
    assert policy.plan(sure).depth == MOST_ROWS - 1
    assert policy.plan(sure, base=10).depth == MOST_ROWS - 10
    assert policy.plan(sure, base=MOST_ROWS).depth == 0
    assert policy.plan(sure, base=MOST_ROWS + 1).depth > MOST_ROWS


def test_short_passes_are_timed_often_enough_for_a_device_to_wake_up(engine: Engine) -> None:
    # The first runs of each kind take longer: one that was timed only then would look dear.
    seconds = [0.0]
    runs = {"passes": 0}
    forward = engine.model.forward

    def slow_at_first(*rest: Any) -> Any:
        runs["passes"] += 1
        seconds[0] += 0.005 if runs["passes"] < 6 else 0.0004
        return forward(*rest)

    engine.model.forward = slow_at_first  # type: ignore[method-assign]
    try:
        costs = measure(engine.model, None, engine.tokenizer, lambda: seconds[0])
    finally:
        engine.model.forward = forward  # type: ignore[method-assign]
    assert all(each == pytest.approx(0.0004) for _, each in costs.passes)


def test_a_slow_moment_makes_no_size_dearer_than_the_others(engine: Engine) -> None:
    seconds, passes = [0.0], [0]
    forward = engine.model.forward

    def slow_for_a_while(*rest: Any) -> Any:
        passes[0] += 1
        seconds[0] += 0.02 if 14 <= passes[0] < 28 else 0.0004
        return forward(*rest)

    engine.model.forward = slow_for_a_while  # type: ignore[method-assign]
    try:
        costs = measure(engine.model, engine.mtp, engine.tokenizer, lambda: seconds[0])
    finally:
        engine.model.forward = forward  # type: ignore[method-assign]
    assert passes[0] > 50
    assert all(each == pytest.approx(0.0004) for _, each in costs.passes)
