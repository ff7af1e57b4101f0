"""The model process as a server: accepts connections, counts clients, and decides when the process ends.

Knows neither the frames of a conversation nor how a model is loaded. Everything here runs on one event loop.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from mellum_ls.runtime.client.messages import ErrorCode, RuntimeStatus
from mellum_ls.runtime.service.conversation import Conversation, Outcome
from mellum_ls.runtime.service.idleness import CallLater, Idleness
from mellum_ls.runtime.service.instance import Instance
from mellum_ls.runtime.service.resident_memory import resident_bytes
from mellum_ls.runtime.service.worker import EngineWorker, ServedEngine

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """What the process is, and its patience in seconds.

    `idle_seconds`: life without clients. `cache_idle_seconds`: life of the cache without completions.
    `drain_seconds`: for the completions that have begun when asked to end.
    `failed_seconds`: how long it goes on telling clients why its model cannot be loaded.
    """

    version: str
    model: str
    idle_seconds: float
    cache_idle_seconds: float
    drain_seconds: float = 2.0
    failed_seconds: float = 5.0


class RuntimeServer:
    """Serves one Instance until it is idle, is asked to end, or has failed to load its model.

    `call_later` is the running loop's, for what idleness decides.
    """

    def __init__(
        self,
        instance: Instance,
        load: Callable[[], ServedEngine],
        options: ServerOptions,
        call_later: CallLater | None = None,
    ) -> None:
        self.version = options.version
        self.model = options.model
        self.token = instance.token
        self._options = options
        self._instance = instance
        self._loop = asyncio.get_running_loop()
        self._worker = EngineWorker(load, on_loaded=lambda: self.post(self._loaded))
        self.queue = self._worker.queue
        self._started_at = time.monotonic()
        self._open: dict[asyncio.Task[None], Conversation] = {}
        self._clients: set[Conversation] = set()
        self._stopping = asyncio.Event()
        self._settled = asyncio.Event()
        self._names = itertools.count(1)
        self._outcomes: Counter[Outcome] = Counter()
        self._idleness = Idleness(
            call_later or self._loop.call_later,
            options.cache_idle_seconds,
            self._drop_cache,
            options.idle_seconds,
            self.request_stop,
        )

    async def run(self, on_listening: Callable[[], None]) -> bool:
        """Serve until the process should end; whether the engine thread has ended too.

        `on_listening` is called once, when connections are accepted.
        """
        listener = await asyncio.start_server(self._accept, sock=self._instance.listener)
        self._worker.start()
        self._note()
        on_listening()
        await self._stopping.wait()
        listener.close()
        self._instance.withdraw()
        await self._drain()
        engine_ended = self._worker.stop(seconds=self._options.drain_seconds / 4)
        logger.info("ended" if engine_ended else "ended with the engine still at work")
        # Last, because whoever asked for the end takes the end of its connection for it.
        for task in list(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)
        return engine_ended

    @property
    def failed(self) -> bool:
        """Whether the model could not be loaded."""
        return self._worker.state == "failed"

    def request_stop(self) -> None:
        """Begin to end: no new connections or completions; `run` returns after the drain."""
        if not self._stopping.is_set():
            logger.info("stopping")
            self._stopping.set()

    def refusal(self) -> tuple[ErrorCode, str] | None:
        """Why no completion can be taken, if so."""
        if self.failed:
            return "load", f"the model cannot be loaded: {self._worker.error}"
        if self._stopping.is_set():
            return "stopping", "the model process is stopping"
        return None

    def status(self) -> RuntimeStatus:
        """How the process is; answers while the model is loading and while the engine is busy."""
        num_active, queued = self.queue.counts()
        return RuntimeStatus(
            state=self._worker.state,
            pid=os.getpid(),
            version=self.version,
            model=self.model,
            uptime_s=time.monotonic() - self._started_at,
            clients=len(self._clients),
            active=num_active,
            queued=queued,
            idle_seconds=self._options.idle_seconds,
            cache_idle_seconds=self._options.cache_idle_seconds,
            rss_mb=(resident_bytes() or 0) / 1e6,
            completed=self._outcomes["completed"],
            cancelled=self._outcomes["cancelled"],
            superseded=self._outcomes["superseded"],
            failed=self._outcomes["failed"],
            preempted=self.queue.num_preempted,
            error=self._worker.error,
            engine=self._worker.engine_status,
        )

    def welcomed(self, client: Conversation) -> None:
        """Count a client; the process does not end for idleness while it is there."""
        self._clients.add(client)
        self._note()

    def taken(self) -> None:
        """A completion has been queued."""
        self._note()

    def settled(self, outcome: Outcome) -> None:
        """A completion is over: a drain may be waiting for that."""
        self._outcomes[outcome] += 1
        self._settled.set()
        self._note()

    def post(self, call: Callable[[], None]) -> None:
        """Run `call` on the event loop. Any thread."""
        try:
            self._loop.call_soon_threadsafe(call)
        except RuntimeError:
            logger.debug("the loop has ended; the engine's last words are dropped")

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None, "connections are handled in tasks"
        client = Conversation(next(self._names), reader, writer, self)
        self._open[task] = client
        try:
            await client.run()
        except asyncio.CancelledError:
            logger.debug("a connection is closed because the process ends")
        finally:
            del self._open[task]
            self._clients.discard(client)
            self._settled.set()
            self._note()

    def _note(self) -> None:
        self._idleness.note(len(self._clients), sum(len(client.jobs) for client in self._open.values()))

    def _drop_cache(self) -> None:
        self._worker.drop_cache()
        for client in self._clients:
            client.texts.forget()

    def _loaded(self) -> None:
        if self.failed:
            self._loop.call_later(self._options.failed_seconds, self.request_stop)

    async def _drain(self) -> None:
        """Answer waiting completions now; give those that have begun a while to finish, then answer them too."""
        code, message = self.refusal() or ("stopping", "")
        for client in self._open.values():
            client.fail_waiting(code, message)
        await self._quiet(self._options.drain_seconds)
        for client in self._open.values():
            client.cancel_all()
        await self._quiet(self._options.drain_seconds / 2)
        for client in self._open.values():
            client.fail_all(code, message)

    async def _quiet(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                while any(client.jobs for client in self._open.values()):
                    self._settled.clear()
                    await self._settled.wait()
        except TimeoutError:
            logger.info("a completion is still running after %g s", seconds)
