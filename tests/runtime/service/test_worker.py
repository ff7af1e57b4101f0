from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from mellum_ls.runtime.client.messages import Completed, CompletionRequest, Priority, Usage
from mellum_ls.runtime.errors import ConfigError
from mellum_ls.runtime.service.job_queue import Job
from mellum_ls.runtime.service.worker import EngineWorker, ServedEngine
from tests.fakes.engine import PIECES, ScriptedEngine, ScriptedRun

Event = tuple[Any, ...]


class Recorder:
    """Jobs whose callbacks land in one queue, with the thread that called them."""

    def __init__(self) -> None:
        self.events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self.threads: set[str] = set()

    def job(
        self, name: str, prefix: str = "a", suffix: str = "b", *, client: int = 1, priority: Priority = "inline"
    ) -> Job:
        return Job(
            client,
            CompletionRequest(name, prefix, suffix, priority=priority),
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


def test_jobs_of_two_clients_take_turns_in_one_thread() -> None:
    recorder = Recorder()
    worker = EngineWorker(lambda: ScriptedEngine(free=True), lambda: None)
    worker.queue.put(recorder.job("first"))
    worker.queue.put(recorder.job("second", client=2))
    worker.start()
    assert worker.stop(10)
    for piece in PIECES[:-1]:
        assert [recorder.next(), recorder.next()] == [("first", "text", piece), ("second", "text", piece)]
    for name in ("first", "second"):
        assert recorder.next() == (name, "text", PIECES[-1])
        end = recorder.next()
        assert end[:2] == (name, "end")
        assert (end[2].text, end[2].reason) == ("".join(PIECES), "stop")
    assert recorder.threads == {"engine"}
    assert worker.engine_status == {"steps": 2 * len(PIECES)}


def test_a_more_urgent_job_takes_the_next_step_and_the_other_one_goes_on_where_it_was() -> None:
    recorder, engine = Recorder(), ScriptedEngine()
    worker = loaded(lambda: engine)
    worker.queue.put(recorder.job("warm", priority="warm_up"))
    engine.allow()
    assert recorder.next() == ("warm", "text", PIECES[0])
    worker.queue.put(recorder.job("key"))  # while the second step waits for leave
    engine.allow(100)
    assert recorder.next() == ("warm", "text", PIECES[1])
    assert [recorder.next() for _ in PIECES] == [("key", "text", piece) for piece in PIECES]
    assert recorder.next()[:2] == ("key", "end")
    assert recorder.next() == ("warm", "text", PIECES[2])
    assert recorder.next()[2].text == "".join(PIECES)
    assert worker.queue.num_preempted == 1
    assert engine.steps == 2 * len(PIECES)
    assert worker.stop(10)


@pytest.mark.parametrize("reason", ["cancelled", "superseded"])
def test_a_running_job_ends_within_one_step_of_its_cancel(reason: Any) -> None:
    recorder, engine = Recorder(), ScriptedEngine()
    worker = loaded(lambda: engine)
    job = recorder.job("a")
    worker.queue.put(job)
    engine.allow()
    assert recorder.next() == ("a", "text", PIECES[0])
    assert not worker.queue.cancel(job, reason)
    engine.allow(len(PIECES))
    events = [recorder.next()]
    while events[-1][1] != "end":
        events.append(recorder.next())
    assert len(events) <= 2
    assert engine.steps <= 2
    assert events[-1][2].reason == reason
    assert events[-1][2].text == "".join(PIECES[: engine.steps])
    assert worker.stop(10)


def test_a_job_put_aside_that_is_cancelled_ends_before_the_next_step() -> None:
    recorder, engine = Recorder(), ScriptedEngine()
    worker = loaded(lambda: engine)
    aside = recorder.job("aside", priority="action")
    worker.queue.put(aside)
    engine.allow()
    assert recorder.next() == ("aside", "text", PIECES[0])
    worker.queue.put(recorder.job("key"))
    engine.allow(2)
    assert recorder.next() == ("aside", "text", PIECES[1])
    assert recorder.next() == ("key", "text", PIECES[0])
    worker.queue.cancel(aside, "superseded")  # while the second step of "key" waits for leave
    engine.allow(1)
    assert recorder.next() == ("key", "text", PIECES[1])
    assert recorder.next() == ("aside", "end", Completed("".join(PIECES[:2]), "superseded", Usage(7, 0, 2)))
    engine.allow(100)
    assert worker.stop(10)


def test_a_waiting_job_that_is_cancelled_never_begins() -> None:
    engine, load_now = ScriptedEngine(free=True), threading.Event()

    def load() -> ServedEngine:
        assert load_now.wait(10)
        return engine

    worker = EngineWorker(load, lambda: None)
    worker.start()
    job = Recorder().job("a")
    worker.queue.put(job)
    assert worker.state == "loading"
    assert worker.queue.cancel(job, "superseded")
    load_now.set()
    assert worker.stop(10)
    assert engine.requests == []


def test_an_idle_engine_drops_its_cache_and_lives_on_when_that_fails(caplog: pytest.LogCaptureFixture) -> None:
    dropped = threading.Semaphore(0)

    class Fragile(ScriptedEngine):
        def drop_cache(self) -> None:
            super().drop_cache()
            dropped.release()
            if self.drops == 2:
                raise OSError("the device is gone")

        def status(self) -> Mapping[str, object]:
            return {"drops": self.drops}

    recorder = Recorder()
    worker = loaded(lambda: Fragile(free=True))
    for name in "ab":
        worker.queue.put(recorder.job(name))
        while recorder.next()[1] != "end":
            pass
        worker.drop_cache()
        assert dropped.acquire(timeout=10)
    worker.queue.put(recorder.job("c"))
    assert worker.stop(10)
    assert recorder.next() == ("c", "text", PIECES[0])
    assert worker.engine_status == {"drops": 2}
    assert caplog.text.count("could not be dropped: OSError") == 1


def test_a_failed_run_is_ended_too_and_nothing_of_it_is_kept(caplog: pytest.LogCaptureFixture) -> None:
    class Unending(ScriptedRun):
        def cancel(self) -> Completed:
            raise KeyError(self._request.suffix)

    class Broken(ScriptedEngine):
        def begin(self, request: CompletionRequest, on_text: Callable[[str], None]) -> ScriptedRun:
            return Unending(self, request, on_text)

    recorder = Recorder()
    worker = loaded(lambda: Broken(free=True))
    worker.queue.put(recorder.job("bad", prefix="raise", suffix="secret source"))
    assert recorder.next()[:2] == ("bad", "engine")
    worker.queue.put(recorder.job("good"))
    assert worker.stop(10)
    assert recorder.next() == ("good", "text", PIECES[0])
    assert worker.num_runs == 0
    assert "could not be ended: KeyError" in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.parametrize("error", [ConfigError("hidden_size is missing"), OSError("disk on fire")])
def test_a_failed_load_fails_every_job_with_the_reason(error: Exception) -> None:
    def load() -> ServedEngine:
        raise error

    recorder = Recorder()
    worker = loaded(load)
    assert worker.state == "failed"
    worker.queue.put(recorder.job("a"))
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
        worker.queue.put(recorder.job("bad", prefix="raise", suffix="secret source"))
        name, code, message = recorder.next()
    assert (name, code) == ("bad", "engine")
    assert "ValueError" in message
    assert "secret" not in message
    assert "engine.py" in caplog.text
    assert "secret" not in caplog.text
    worker.queue.put(recorder.job("good"))
    assert worker.stop(10)
    assert recorder.next() == ("good", "text", PIECES[0])


def test_a_stuck_engine_does_not_hold_up_the_end() -> None:
    recorder, engine = Recorder(), ScriptedEngine()
    worker = loaded(lambda: engine)
    worker.queue.put(recorder.job("a"))
    assert not worker.stop(0.1)
    engine.allow(len(PIECES))
