"""A thousand cancels at random moments, counted in steps of a real engine; nothing is left of them."""

from __future__ import annotations

import gc
import queue
import random
import threading
import weakref
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
import torch

from mellum_ls.runtime.client.messages import Completed, CompletionRequest, Priority
from mellum_ls.runtime.engine import MAX_SESSIONS
from mellum_ls.runtime.service.job_queue import PRIORITIES, Job
from mellum_ls.runtime.service.loading import LoadedEngine, LoadedRun, load_engine
from mellum_ls.runtime.service.resident_memory import resident_bytes
from mellum_ls.runtime.service.worker import EngineWorker
from tests.fakes.checkpoints import write_checkpoint

CANCELS = 1000
TEXT = "def add(left, right):\n    return left + right\n\n\nclass Stack:\n" * 4


class CountingEngine:
    """The real engine; `steps` counts the steps of all runs that have begun, and each lets `stepped` be acquired."""

    def __init__(self, engine: LoadedEngine) -> None:
        self.steps = 0
        self.stepped = threading.Semaphore(0)
        self._engine = engine

    def begin(self, request: CompletionRequest, on_text: Callable[[str], None]) -> CountingRun:
        self.count()
        return CountingRun(self, self._engine.begin(request, on_text))

    def status(self) -> Mapping[str, object]:
        return self._engine.status()

    def drop_cache(self) -> None:
        self._engine.drop_cache()

    def count(self) -> None:
        self.steps += 1
        self.stepped.release()


class CountingRun:
    def __init__(self, engine: CountingEngine, run: LoadedRun) -> None:
        self._engine, self._run = engine, run

    def step(self) -> Completed | None:
        self._engine.count()
        return self._run.step()

    def cancel(self) -> Completed:
        return self._run.cancel()


class Scene:
    """An engine thread that is never idle: a warm-up begins anew whenever it has ended."""

    def __init__(self, model: Path) -> None:
        self.engine: CountingEngine
        self.jobs: weakref.WeakSet[Job] = weakref.WeakSet()
        self.ends: queue.SimpleQueue[tuple[int, Completed]] = queue.SimpleQueue()
        self.failures: list[str] = []
        self.closing = False
        loaded = threading.Event()
        self.worker = EngineWorker(lambda: self._load(model), loaded.set)
        self.worker.start()
        assert loaded.wait(60)
        self._warm(None)

    def job(self, client: int, session: str, priority: Priority, prefix: str) -> Job:
        return self._job(client, session, priority, prefix, lambda done: self.ends.put((self.engine.steps, done)))

    def wait_steps(self, number: int) -> None:
        """Wait for that many further steps, of whatever job."""
        while self.engine.stepped.acquire(blocking=False):
            pass
        for _ in range(number):
            assert self.engine.stepped.acquire(timeout=20)

    def _load(self, model: Path) -> CountingEngine:
        self.engine = CountingEngine(load_engine(model, 1))
        return self.engine

    def _warm(self, done: Completed | None) -> None:
        if not self.closing:
            self.worker.queue.put(self._job(0, "warm", "warm_up", TEXT, self._warm))

    def _job(
        self, client: int, session: str, priority: Priority, prefix: str, on_end: Callable[[Completed], None]
    ) -> Job:
        request = CompletionRequest(session, prefix, "\n", max_tokens=100, stop="none", priority=priority)
        job = Job(client, request, str, on_end, lambda code, message: self.failures.append(f"{code}: {message}"))
        self.jobs.add(job)
        return job


@pytest.fixture
def threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("threads")
def test_after_a_cancel_no_more_than_the_running_step_is_done_and_nothing_is_left(tmp_path: Path) -> None:
    moments = random.Random(0)
    other_threads, memory = set(threading.enumerate()), list[int]()
    scene = Scene(write_checkpoint(tmp_path / "model"))
    ended: Counter[str] = Counter()
    for number in range(CANCELS):
        if number == CANCELS // 4:
            memory.append(resident_bytes() or 0)
        client, priority = moments.randint(1, 3), moments.choice(PRIORITIES[:3])
        prefix = TEXT[: moments.randrange(len(TEXT))]
        job = scene.job(client, f"{client} {moments.randint(1, 4)}", priority, prefix)
        scene.worker.queue.put(job)
        scene.wait_steps(moments.randint(0, 5))
        withdrawn = scene.worker.queue.cancel(job, "cancelled")
        steps_at_cancel = scene.engine.steps
        if withdrawn:
            assert not job.begun
            ended["before it began"] += 1
            continue
        steps, done = scene.ends.get(timeout=20)
        ended[done.reason] += 1
        if job.cancel_reason is not None:
            assert steps - steps_at_cancel <= 1
    memory.append(resident_bytes() or 0)
    assert not scene.failures
    assert ended["cancelled"] + ended["before it began"] >= 0.8 * CANCELS
    assert min(ended["cancelled"], ended["before it began"]) > 0

    scene.closing = True
    assert scene.worker.stop(20)
    assert scene.worker.num_runs == 0
    assert scene.worker.queue.counts() == (0, dict.fromkeys(PRIORITIES, 0))
    assert scene.ends.empty()
    sessions = scene.worker.engine_status["sessions"]
    assert isinstance(sessions, int)
    assert 0 < sessions <= MAX_SESSIONS
    assert set(threading.enumerate()) <= other_threads
    assert memory[-1] - memory[0] < 20e6
    del job
    gc.collect()
    assert len(scene.jobs) == 0
