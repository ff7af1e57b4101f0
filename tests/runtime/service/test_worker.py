from __future__ import annotations

import logging
import queue
import threading
from typing import Any

import pytest

from mellum_ls.runtime.client.messages import Completed, CompletionRequest, Usage
from mellum_ls.runtime.errors import ConfigError
from mellum_ls.runtime.service.worker import EngineWorker, Job, ServedEngine
from tests.fakes.engine import PIECES, ScriptedEngine

Event = tuple[Any, ...]


class Recorder:
    """Jobs whose callbacks land in one queue, with the thread that called them."""

    def __init__(self) -> None:
        self.events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self.threads: set[str] = set()

    def job(self, name: str, prefix: str = "a", suffix: str = "b") -> Job:
        return Job(
            CompletionRequest(name, prefix, suffix),
            on_text=lambda text: self._put(name, "text", text),
            on_end=lambda done: self._put(name, "end", done),
            on_failure=lambda code, message: self._put(name, code, message),
        )

    def _put(self, *event: object) -> None:
        self.threads.add(threading.current_thread().name)
        self.events.put(event)

    def next(self) -> Event:
        return self.events.get(timeout=10)


def loaded(load: object) -> EngineWorker:
    ready = threading.Event()
    worker = EngineWorker(load, ready.set)  # type: ignore[arg-type]
    worker.start()
    assert ready.wait(10)
    return worker


def test_jobs_run_one_after_another_in_one_thread() -> None:
    recorder = Recorder()
    worker = loaded(lambda: ScriptedEngine(free=True))
    for name in ("first", "second"):
        worker.submit(recorder.job(name))
    assert worker.stop(10)
    for name in ("first", "second"):
        assert [recorder.next() for _ in PIECES] == [(name, "text", piece) for piece in PIECES]
        end = recorder.next()
        assert end[:2] == (name, "end")
        assert (end[2].text, end[2].reason) == ("".join(PIECES), "stop")
    assert recorder.threads == {"engine"}
    assert worker.engine_status == {"steps": 2 * len(PIECES)}


@pytest.mark.parametrize("reason", ["cancelled", "superseded"])
def test_a_running_job_ends_within_one_step_of_its_cancel(reason: Any) -> None:
    recorder, engine = Recorder(), ScriptedEngine()
    worker = loaded(lambda: engine)
    job = recorder.job("a")
    worker.submit(job)
    engine.allow()
    assert recorder.next() == ("a", "text", PIECES[0])
    job.cancel(reason)
    job.cancel("cancelled")
    engine.allow(len(PIECES))
    events = [recorder.next()]
    while events[-1][1] != "end":
        events.append(recorder.next())
    assert len(events) <= 2
    assert engine.steps <= 2
    assert events[-1][2].reason == reason
    assert worker.stop(10)


def test_a_waiting_job_that_is_cancelled_costs_no_step() -> None:
    recorder, engine, load_now = Recorder(), ScriptedEngine(free=True), threading.Event()

    def load() -> ServedEngine:
        assert load_now.wait(10)
        return engine

    worker = EngineWorker(load, lambda: None)
    worker.start()
    job = recorder.job("a")
    worker.submit(job)
    job.cancel("superseded")
    assert (worker.state, worker.num_queued(), worker.active) == ("loading", 1, None)
    load_now.set()
    assert recorder.next()[2] == Completed("", "superseded", Usage())
    assert engine.steps == 0
    assert worker.stop(10)


@pytest.mark.parametrize("error", [ConfigError("hidden_size is missing"), OSError("disk on fire")])
def test_a_failed_load_fails_every_job_with_the_reason(error: Exception) -> None:
    def load() -> ServedEngine:
        raise error

    recorder = Recorder()
    worker = loaded(load)
    assert worker.state == "failed"
    worker.submit(recorder.job("a"))
    name, code, message = recorder.next()
    assert (name, code) == ("a", "load")
    assert str(error) in message
    assert worker.stop(10)


def test_a_failing_request_is_told_without_its_text_and_the_next_works(
    caplog: pytest.LogCaptureFixture,
) -> None:
    recorder = Recorder()
    worker = loaded(lambda: ScriptedEngine(free=True))
    with caplog.at_level(logging.DEBUG):
        worker.submit(recorder.job("bad", prefix="raise", suffix="secret source"))
        name, code, message = recorder.next()
    assert (name, code) == ("bad", "engine")
    assert "ValueError" in message
    assert "secret" not in message
    assert "engine.py" in caplog.text
    assert "secret" not in caplog.text
    worker.submit(recorder.job("good"))
    assert worker.stop(10)
    assert recorder.next() == ("good", "text", PIECES[0])


def test_a_stuck_engine_does_not_hold_up_the_end() -> None:
    recorder, engine = Recorder(), ScriptedEngine()
    worker = loaded(lambda: engine)
    worker.submit(recorder.job("a"))
    assert not worker.stop(0.1)
    engine.allow(len(PIECES))
