import pytest
import torch

from mellum_ls.runtime.cache.sessions import Session
from mellum_ls.runtime.engine import Engine
from mellum_ls.runtime.errors import RequestError
from mellum_ls.runtime.generate import (
    CPU_CHUNK_SECONDS,
    FIRST_CHUNK,
    GPU_CHUNK,
    LEAST_CHUNK,
    GenerationParams,
    Pace,
    at_once,
    extend,
    greedy,
    prefill,
)
from mellum_ls.runtime.model import Model
from tests.fakes.checkpoints import write_checkpoint

IDS = [int(i) for i in torch.randint(40, 400, (30,), generator=torch.Generator().manual_seed(3))]


class Clock:
    """Stands still until told how long something took."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return Engine.load(write_checkpoint(tmp_path_factory.mktemp("generate"))).model


def pace(most: int) -> Pace:
    """Chunks of `most` tokens."""
    found = Pace(1.0, most, Clock())
    assert found.chunk == min(most, FIRST_CHUNK)
    return found


def decode(model: Model, max_tokens: int, stop_ids: set[int]) -> tuple[list[int], Session]:
    session = Session(model.new_cache())
    hidden = at_once(prefill(model, session, IDS, pace(512)))
    return list(greedy(model, session, hidden, max_tokens, stop_ids)), session


def test_greedy_is_the_argmax_of_a_fresh_pass_each_time(model: Model) -> None:
    found, session = decode(model, 12, set())
    ids = list(IDS)
    for token in found:
        hidden = model.forward(torch.tensor(ids), model.new_cache())
        assert token == int(model.logits(hidden[-1:]).argmax())
        ids.append(token)
    assert session.ids == ids[:-1], "the last id costs no pass"
    assert session.cache.length == len(session.ids)


def test_a_stop_id_ends_it_and_is_reported(model: Model) -> None:
    whole, _ = decode(model, 12, set())
    stop = whole[4]
    assert decode(model, 12, {stop})[0] == whole[: whole.index(stop) + 1]


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_prefill_goes_in_chunks_and_work_done_stays(model: Model, steps: int) -> None:
    session = Session(model.new_cache())
    work = prefill(model, session, IDS, pace(8))
    for done in range(steps):
        assert next(work, "yielded") is None
        assert session.ids == IDS[: 8 * (done + 1)]
    work.close()
    rest = at_once(prefill(model, session, IDS[8 * steps :], pace(8)))
    whole = model.forward(torch.tensor(IDS), model.new_cache())[-1:]
    torch.testing.assert_close(rest, whole, rtol=1e-4, atol=1e-4)


def test_extend_records_what_it_computed(model: Model) -> None:
    session = Session(model.new_cache())
    assert extend(model, session, IDS[:3]).shape == (3, model.config.hidden_size)
    assert session.ids == IDS[:3]


def test_a_chunk_grows_to_what_the_processor_does_in_the_time_given() -> None:
    clock = Clock()
    found = Pace(0.02, 512, clock)

    def run(per_token: float) -> None:
        count = found.chunk

        def compute() -> None:
            clock.now += per_token * count

        found.time(count, compute)

    for _ in range(20):
        run(0.0001)
    assert found.chunk == pytest.approx(200, abs=2)
    run(0.001)
    assert found.chunk == pytest.approx(20, abs=1), "down at once"
    run(1.0)
    assert found.chunk == LEAST_CHUNK
    for _ in range(20):
        run(1e-9)
    assert found.chunk == 512


def test_short_passes_teach_nothing() -> None:
    clock = Clock()
    found = Pace(0.02, 512, clock)

    def slow() -> None:
        clock.now += 0.019

    found.time(1, slow)
    assert found.chunk == FIRST_CHUNK


def test_the_rest_of_a_prompt_does_not_shrink_the_chunk() -> None:
    """Where a pass costs something before its first token, a short one is slow for its length."""
    clock = Clock()
    found = Pace(0.02, 512, clock)

    def run(count: int, fixed: float) -> None:
        def compute() -> None:
            clock.now += fixed + 0.0005 * count

        found.time(count, compute)

    for _ in range(20):
        run(found.chunk, 0.012)
    settled = found.chunk
    assert 12 < settled <= 16
    run(LEAST_CHUNK + 1, 0.012)
    assert found.chunk == settled
    run(LEAST_CHUNK + 1, 0.03)
    assert found.chunk == LEAST_CHUNK, "longer than a full one may take"


def test_the_pace_of_a_device() -> None:
    assert CPU_CHUNK_SECONDS <= 0.025
    assert Pace.of(torch.device("cpu")).chunk == FIRST_CHUNK
    clock = Clock()
    gpu = Pace.of(torch.device("cuda"), clock)

    def slow() -> None:
        clock.now += 9.0

    gpu.time(512, slow)
    assert gpu.chunk == GPU_CHUNK == 512


def test_parameters_are_checked() -> None:
    with pytest.raises(RequestError, match="max_tokens is 0"):
        GenerationParams(max_tokens=0)
    with pytest.raises(RequestError, match="stop is 'word'"):
        GenerationParams(stop="word")  # type: ignore[arg-type]
    with pytest.raises(RequestError, match="rank is -1"):
        GenerationParams(rank=-1)
