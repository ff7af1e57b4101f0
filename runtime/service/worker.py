"""The one thread that owns the engine: loads it, then runs one completion after another, oldest first.

Knows neither sockets nor clients nor torch: a Job is a request, a way to report, and a reason to stop early.
"""

from __future__ import annotations

import logging
import queue
import threading
import traceback
from collections.abc import Callable, Mapping
from typing import Literal, Protocol

from mellum_ls.runtime.client.messages import (
    Completed,
    CompletionRequest,
    EndReason,
    ErrorCode,
    LoadState,
    Usage,
)
from mellum_ls.runtime.errors import MellumError

logger = logging.getLogger(__name__)

CancelReason = Literal["cancelled", "superseded"]


class ServedEngine(Protocol):
    """What the service needs from an engine. Both methods are called in the engine thread only."""

    def complete(
        self, request: CompletionRequest, on_text: Callable[[str], None], cancelled: Callable[[], bool]
    ) -> Completed:
        """Run one completion; ends with reason "cancelled" before the step at which `cancelled` is True."""

    def status(self) -> Mapping[str, object]:
        """Facts and counters that msgpack can carry."""


class Job:
    """One completion. The engine thread calls `on_text` any number of times, then one of the other two."""

    def __init__(
        self,
        request: CompletionRequest,
        on_text: Callable[[str], None],
        on_end: Callable[[Completed], None],
        on_failure: Callable[[ErrorCode, str], None],
    ) -> None:
        self.request = request
        self.on_text = on_text
        self.on_end = on_end
        self.on_failure = on_failure
        self.cancel_reason: EndReason | None = None

    def cancel(self, reason: CancelReason) -> None:
        """Stop before the next step; the first reason stands. Any thread."""
        self.cancel_reason = self.cancel_reason or reason

    def cancelled(self) -> bool:
        """Whether to stop. Any thread."""
        return self.cancel_reason is not None


class EngineWorker:
    """The engine thread. `on_loaded` is called in it once the engine is loaded or has failed to load."""

    def __init__(self, load: Callable[[], ServedEngine], on_loaded: Callable[[], None]) -> None:
        self.state: LoadState = "loading"
        self.error = ""
        self.engine_status: Mapping[str, object] = {}
        self.active: Job | None = None
        self._load = load
        self._on_loaded = on_loaded
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        # A daemon: a load that hangs must not keep the process from ending.
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)

    def start(self) -> None:
        """Begin to load the engine."""
        self._thread.start()

    def submit(self, job: Job) -> None:
        """Queue a job, also while the engine is loading. Any thread."""
        self._jobs.put(job)

    def stop(self, seconds: float) -> bool:
        """End after the jobs queued so far; whether the thread ended within `seconds`."""
        self._jobs.put(None)
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def num_queued(self) -> int:
        """Jobs waiting for the engine."""
        return self._jobs.qsize()

    def _run(self) -> None:
        engine = self._loaded()
        self._on_loaded()
        while (job := self._jobs.get()) is not None:
            self.active = job
            if engine is None:
                job.on_failure("load", f"the model cannot be loaded: {self.error}")
            elif job.cancel_reason is not None:
                job.on_end(Completed("", job.cancel_reason, Usage()))
            else:
                self._complete(engine, job)
            self.active = None

    def _loaded(self) -> ServedEngine | None:
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
            self.state = "ready"
            logger.info("the model is loaded")
            return engine
        self.state = "failed"
        return None

    def _complete(self, engine: ServedEngine, job: Job) -> None:
        try:
            done = engine.complete(job.request, job.on_text, job.cancelled)
            self.engine_status = dict(engine.status())
        except MellumError as error:
            logger.warning("a completion failed: %s", type(error).__name__)
            job.on_failure("engine", str(error))
        except Exception as error:  # noqa: BLE001 - the edge of the request
            # Not the exception's own text: it may quote the prompt, and logs carry no source text.
            where = "".join(traceback.format_list(traceback.extract_tb(error.__traceback__)))
            logger.error("a completion failed: %s at\n%s", type(error).__name__, where)
            job.on_failure("engine", f"the engine failed ({type(error).__name__}); the log says where")
        else:
            reason = job.cancel_reason or done.reason
            job.on_end(Completed(done.text, reason, done.usage))
