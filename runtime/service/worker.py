"""The one thread that owns the engine: loads it, then gives its steps to jobs as the queue decides.

Knows neither sockets nor clients nor torch. Between two steps any other job may have a turn.
"""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Callable, Mapping
from typing import Protocol

from mellum_ls.runtime.client.messages import Completed, LoadState, Request, Usage
from mellum_ls.runtime.errors import MellumError
from mellum_ls.runtime.service.job_queue import Job, JobQueue

logger = logging.getLogger(__name__)


class Run(Protocol):
    """A completion that the engine has begun."""

    def step(self) -> Completed | None:
        """Do a few milliseconds of work; the result when that was the last of it."""

    def cancel(self) -> Completed:
        """End it here, with what there is. Must not be stepped again."""


class ServedEngine(Protocol):
    """What the service needs from an engine. All of it, runs included, is called in the engine thread only."""

    def begin(self, request: Request, on_text: Callable[[str], None]) -> Run:
        """Begin a completion or a turn of a conversation beside those that are under way.

        `on_text` gets its pieces during its steps.
        """

    def status(self) -> Mapping[str, object]:
        """Facts and counters that msgpack can carry."""

    def drop_cache(self) -> None:
        """Free all memory that only saves work later. No run is under way."""


class EngineWorker:
    """The engine thread. `on_loaded` is called in it once the engine is loaded or has failed to load."""

    def __init__(self, load: Callable[[], ServedEngine], on_loaded: Callable[[], None]) -> None:
        self.state: LoadState = "loading"
        self.error = ""
        self.engine_status: Mapping[str, object] = {}
        self.queue = JobQueue()
        self._load = load
        self._on_loaded = on_loaded
        self._engine: ServedEngine | None = None
        self._runs: dict[Job, Run] = {}
        # A daemon: a load that hangs must not keep the process from ending.
        self._thread = threading.Thread(target=self._work, name="engine", daemon=True)

    @property
    def num_runs(self) -> int:
        """Completions that the engine has begun and not ended."""
        return len(self._runs)

    def start(self) -> None:
        """Begin to load the engine; jobs may be queued before that."""
        self._thread.start()

    def drop_cache(self) -> None:
        """Free the engine's cache, unless a job comes first. Any thread."""
        self.queue.when_empty(self._drop_cache)

    def stop(self, seconds: float) -> bool:
        """End after the jobs queued so far; whether the thread ended within `seconds`."""
        self.queue.close()
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _work(self) -> None:
        self._load_engine()
        self._on_loaded()
        while (job := self.queue.next()) is not None:
            if self._engine is None:
                self.queue.remove(job)
                job.on_failure("load", f"the model cannot be loaded: {self.error}")
            else:
                self._turn(self._engine, job)

    def _load_engine(self) -> None:
        try:
            engine = self._load()
            self.engine_status = dict(engine.status())
        except MellumError as error:
            self.error = str(error)
            logger.error("the model cannot be loaded: %s", error)
        except Exception as error:
            self.error = f"{type(error).__name__}: {error}"
            logger.exception("the model cannot be loaded")
        else:
            self._engine = engine
            self.state = "ready"
            logger.info("the model is loaded")
            return
        self.state = "failed"

    def _turn(self, engine: ServedEngine, job: Job) -> None:
        """Begin the job, or do one step of it, or end it."""
        try:
            done = self._advance(engine, job)
        except MellumError as error:
            logger.warning("a completion failed: %s", type(error).__name__)
            self._fail(engine, job, str(error))
        except Exception as error:  # noqa: BLE001 - the edge of the request
            # Not the exception's own text: it may quote the prompt, and logs carry no source text.
            logger.error("a completion failed: %s at\n%s", type(error).__name__, _places(error))
            self._fail(engine, job, f"the engine failed ({type(error).__name__}); the log says where")
        else:
            if done is not None:
                self._forget(engine, job)
                job.on_end(Completed(done.text, job.cancel_reason or done.reason, done.usage))

    def _advance(self, engine: ServedEngine, job: Job) -> Completed | None:
        run = self._runs.get(job)
        if job.cancel_reason is not None:
            return Completed("", job.cancel_reason, Usage()) if run is None else run.cancel()
        if run is None:
            self._runs[job] = engine.begin(job.request, job.on_text)
            return None
        return run.step()

    def _fail(self, engine: ServedEngine, job: Job, message: str) -> None:
        run = self._runs.get(job)
        if run is not None:
            try:
                run.cancel()
            except Exception as error:  # noqa: BLE001 - it has failed already, and was told
                logger.error("a failed completion could not be ended: %s at\n%s", type(error).__name__, _places(error))
        self._forget(engine, job)
        job.on_failure("engine", message)

    def _forget(self, engine: ServedEngine, job: Job) -> None:
        self.queue.remove(job)
        self._runs.pop(job, None)
        self.engine_status = dict(engine.status())

    def _drop_cache(self) -> None:
        if self._engine is None:
            return
        try:
            self._engine.drop_cache()
            self.engine_status = dict(self._engine.status())
        except Exception as error:  # noqa: BLE001 - the thread must live on: every completion waits for it
            logger.error("the cache could not be dropped: %s at\n%s", type(error).__name__, _places(error))
        else:
            logger.info("the cache is dropped until the next completion")


def _places(error: Exception) -> str:
    return "".join(traceback.format_list(traceback.extract_tb(error.__traceback__)))
