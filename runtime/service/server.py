"""The model process as a server: accepts connections, counts clients, and decides when the process ends.

Knows neither the frames of a conversation nor how a model is loaded. Everything here runs on one event loop.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass

from mellum_ls.runtime.client.messages import ErrorCode, RuntimeStatus
from mellum_ls.runtime.service.conversation import Conversation
from mellum_ls.runtime.service.instance import Instance
from mellum_ls.runtime.service.worker import EngineWorker, Job, ServedEngine

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """What the process is, and its patience in seconds.

    `idle_seconds`: life without clients. `drain_seconds`: for the running completion when asked to end.
    `failed_seconds`: how long it goes on telling clients why its model cannot be loaded.
    """

    version: str
    model: str
    idle_seconds: float
    drain_seconds: float = 2.0
    failed_seconds: float = 5.0


class RuntimeServer:
    """Serves one Instance until it is idle, is asked to end, or has failed to load its model."""

    def __init__(self, instance: Instance, load: Callable[[], ServedEngine], options: ServerOptions) -> None:
        self.version = options.version
        self.model = options.model
        self.token = instance.token
        self._options = options
        self._instance = instance
        self._loop = asyncio.get_running_loop()
        self._worker = EngineWorker(load, on_loaded=lambda: self.post(self._loaded))
        self._started_at = time.monotonic()
        self._open: dict[asyncio.Task[None], Conversation] = {}
        self._clients: set[Conversation] = set()
        self._stopping = asyncio.Event()
        self._settled = asyncio.Event()
        self._idle: asyncio.TimerHandle | None = None

    async def run(self, on_listening: Callable[[], None]) -> bool:
        """Serve until the process should end; whether the engine thread has ended too.

        `on_listening` is called once, when connections are accepted.
        """
        listener = await asyncio.start_server(self._accept, sock=self._instance.listener)
        self._worker.start()
        self._watch_idleness()
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

    def submit(self, job: Job) -> None:
        """Queue a job for the engine."""
        self._worker.submit(job)

    def running(self) -> Job | None:
        """The job that the engine is at."""
        return self._worker.active

    def refusal(self) -> tuple[ErrorCode, str] | None:
        """Why no completion can be taken, if so."""
        if self.failed:
            return "load", f"the model cannot be loaded: {self._worker.error}"
        if self._stopping.is_set():
            return "stopping", "the model process is stopping"
        return None

    def status(self) -> RuntimeStatus:
        """How the process is; answers while the model is loading and while the engine is busy."""
        num_active = 0 if self._worker.active is None else 1
        return RuntimeStatus(
            state=self._worker.state,
            pid=os.getpid(),
            version=self.version,
            model=self.model,
            uptime_s=time.monotonic() - self._started_at,
            clients=len(self._clients),
            active=num_active,
            queued=self._worker.num_queued(),
            idle_seconds=self._options.idle_seconds,
            error=self._worker.error,
            engine=self._worker.engine_status,
        )

    def welcomed(self, client: Conversation) -> None:
        """Count a client; the process does not end for idleness while it is there."""
        self._clients.add(client)
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    def settled(self) -> None:
        """A completion is over: a drain may be waiting for that."""
        self._settled.set()

    def post(self, call: Callable[[], None]) -> None:
        """Run `call` on the event loop. Any thread."""
        try:
            self._loop.call_soon_threadsafe(call)
        except RuntimeError:
            logger.debug("the loop has ended; the engine's last words are dropped")

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None, "connections are handled in tasks"
        client = Conversation(reader, writer, self)
        self._open[task] = client
        try:
            await client.run()
        except asyncio.CancelledError:
            logger.debug("a connection is closed because the process ends")
        finally:
            del self._open[task]
            self._clients.discard(client)
            self._watch_idleness()

    def _watch_idleness(self) -> None:
        if not self._clients and self._idle is None:
            self._idle = self._loop.call_later(self._options.idle_seconds, self.request_stop)

    def _loaded(self) -> None:
        if self.failed:
            self._loop.call_later(self._options.failed_seconds, self.request_stop)

    async def _drain(self) -> None:
        """Answer waiting completions now; give the running one a while to finish, then answer it too."""
        code, message = self.refusal() or ("stopping", "")
        running = self.running()
        for client in self._open.values():
            for number, job in list(client.jobs.items()):
                if job is not running:
                    client.fail(number, code, message)
        await self._quiet(self._options.drain_seconds)
        for client in self._open.values():
            for number in list(client.jobs):
                client.cancel(number, "cancelled")
        await self._quiet(self._options.drain_seconds / 2)
        for client in self._open.values():
            for number in list(client.jobs):
                client.fail(number, code, message)

    async def _quiet(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                while any(client.jobs for client in self._open.values()):
                    self._settled.clear()
                    await self._settled.wait()
        except TimeoutError:
            logger.info("a completion is still running after %g s", seconds)
