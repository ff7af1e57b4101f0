"""The real engine in turns: whatever puts a completion aside, its answer is the one it would have had alone."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping

import pytest
import torch

from mellum_ls.runtime.client.messages import Completed, CompletionRequest
from mellum_ls.runtime.service.job_queue import PRIORITIES, Job
from mellum_ls.runtime.service.loading import LoadedEngine, LoadedRun, load_engine
from mellum_ls.runtime.service.worker import EngineWorker
from tests.fakes.checkpoints import write_checkpoint

TEXT = "def add(left, right):\n    return left + right\n\n\nclass Stack:\n    def push(self, item):\n" * 3
NUM_JOBS = 60


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoadedEngine]:
    before = torch.get_num_threads()
    yield load_engine(write_checkpoint(tmp_path_factory.mktemp("model")), 1)
    torch.set_num_threads(before)


def alone(engine: LoadedEngine, request: CompletionRequest) -> str:
    engine.drop_cache()
    run = engine.begin(request, str)
    while (done := run.step()) is None:
        pass
    return done.text


class Feed:
    """The engine, which is given another job every now and then in the middle of its work."""

    def __init__(self, engine: LoadedEngine, requests: list[CompletionRequest], chance: random.Random) -> None:
        self.worker = EngineWorker(lambda: self, lambda: None)
        self.answers: dict[int, Completed] = {}
        self.failures: list[str] = []
        self.stepping: FedRun | None = None
        self.num_interrupted = 0
        """How often a run had a step between two of another one."""
        self._engine, self._requests, self._chance = engine, requests, chance
        self._numbers = iter(range(len(requests)))

    def put(self) -> None:
        number = next(self._numbers, None)
        if number is not None:
            self.worker.queue.put(
                Job(
                    self._chance.randint(1, 4),
                    self._requests[number],
                    on_text=str,
                    on_end=lambda done: self._ended(number, done),
                    on_failure=lambda code, message: self.failures.append(f"{code}: {message}"),
                )
            )

    def maybe_put(self) -> None:
        if self._chance.random() < 0.15:
            self.put()

    def _ended(self, number: int, done: Completed) -> None:
        self.answers[number] = done
        self.put()

    def begin(self, request: CompletionRequest, on_text: Callable[[str], None]) -> FedRun:
        return FedRun(self, self._engine.begin(request, on_text))

    def status(self) -> Mapping[str, object]:
        return self._engine.status()

    def drop_cache(self) -> None:
        self._engine.drop_cache()


class FedRun:
    def __init__(self, feed: Feed, run: LoadedRun) -> None:
        self._feed, self._run = feed, run

    def step(self) -> Completed | None:
        feed = self._feed
        feed.maybe_put()
        feed.num_interrupted += feed.stepping not in (self, None)
        done = self._run.step()
        feed.stepping = self if done is None else None
        return done

    def cancel(self) -> Completed:
        return self._run.cancel()


@pytest.mark.parametrize("seed", range(3))
def test_turns_change_no_answer(engine: LoadedEngine, seed: int) -> None:
    chance = random.Random(seed)
    engine.drop_cache()
    requests = [
        CompletionRequest(
            session=f"{number}",
            # Beginnings are shared, so that sessions copy from others that are under way.
            prefix=TEXT[: chance.randrange(40, len(TEXT))],
            suffix=chance.choice(["", "\n\nprint(1)\n"]),
            max_tokens=chance.randint(1, 12),
            stop=chance.choice(["none", "line"]),
            priority=chance.choice(PRIORITIES[:3]),
        )
        for number in range(NUM_JOBS)
    ]
    feed = Feed(engine, requests, chance)
    feed.put()
    feed.worker.start()
    assert feed.worker.stop(60)
    assert not feed.failures
    assert sorted(feed.answers) == list(range(NUM_JOBS))
    assert feed.num_interrupted > 30
    assert feed.worker.queue.num_preempted > 0
    for number, request in enumerate(requests):
        assert feed.answers[number].text == alone(engine, request), f"job {number}"
