"""Finds the model process or starts it, and keeps a connection to it, for the language server and the CLI.

Decides when to start, replace and, with growing pauses, to leave alone a process. Knows no model.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from pathlib import Path

from mellum_ls.runtime.client.address import Address, address_of, prepare_directory
from mellum_ls.runtime.client.backoff import Backoff
from mellum_ls.runtime.client.connection import Connection, retire
from mellum_ls.runtime.client.messages import Completed, Request, RuntimeStatus, TokenText
from mellum_ls.runtime.client.process import spawn
from mellum_ls.runtime.environment import (
    DEFAULT_CACHE_IDLE_SECONDS,
    DEFAULT_IDLE_SECONDS,
    FORMATS,
    Environment,
    model_directory,
)
from mellum_ls.runtime.errors import MellumError, NotTriedYet, ProtocolMismatch, RequestError, RuntimeUnavailable

SERVICE = (sys.executable, "-P", "-m", "mellum_ls.runtime.service")
START_SECONDS = 30.0
STOP_SECONDS = 15.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RuntimeOptions:
    """Which model process, where it is met and how it is started. `version` "" is the installed one.

    `service` is the command that the arguments are added to. `clock` gives seconds, for pauses only.
    """

    runtime_dir: Path
    cache_dir: Path
    model: str | None = None
    idle_seconds: float = DEFAULT_IDLE_SECONDS
    cache_idle_seconds: float = DEFAULT_CACHE_IDLE_SECONDS
    cache_mb: int | None = None
    threads: int | None = None
    format: str | None = None
    """What weights are kept as; None: what fits. A process that runs already keeps its own."""
    log_level: str = "INFO"
    version: str = ""
    service: tuple[str, ...] = SERVICE
    start_seconds: float = START_SECONDS
    clock: Callable[[], float] = time.monotonic

    @classmethod
    def of(cls, environment: Environment, model: str | None = None, format: str | None = None) -> RuntimeOptions:
        """The options that the environment asks for; `model` goes before MELLUM_MODEL, `format` before MELLUM_FORMAT.

        The format "auto" is the one that fits, whatever the environment says.
        """
        return cls(
            runtime_dir=environment.runtime_dir,
            cache_dir=environment.cache_dir,
            model=model or environment.model,
            idle_seconds=environment.idle_seconds,
            cache_idle_seconds=environment.cache_idle_seconds,
            cache_mb=environment.cache_mb,
            threads=environment.threads,
            format=(format or environment.format) if format != FORMATS[0] else None,
            log_level=environment.log_level,
        )

    def address(self) -> Address:
        """Where the process is met. Raises ModelNotFound, SettingError."""
        return address_of(model_directory(self.model), self.runtime_dir)

    def log_file(self, address: Address) -> Path:
        """Where the process writes what it has to say; never source text."""
        return self.cache_dir / "log" / f"runtime-{address.name}.log"

    def command(self, address: Address) -> list[str]:
        """The whole command line of the process."""
        arguments = [*self.service, "--model", str(model_directory(self.model))]
        arguments += ["--socket", str(address.socket_path), "--idle-seconds", f"{self.idle_seconds:g}"]
        arguments += ["--cache-idle-seconds", f"{self.cache_idle_seconds:g}", "--log-level", self.log_level]
        arguments += ["--cache-mb", str(self.cache_mb)] if self.cache_mb else []
        arguments += ["--format", self.format or FORMATS[0]]
        return arguments + (["--threads", str(self.threads)] if self.threads else [])


class RuntimeClient:
    """The model process as the language server sees it: always there to be asked, whether it runs or not.

    Belongs to one event loop. Each call finds the process, or starts it, when there is no connection.
    """

    def __init__(self, options: RuntimeOptions) -> None:
        self._options = options
        self._version = options.version
        self._backoff = Backoff(options.clock)
        self._connection: Connection | None = None
        self._connecting: asyncio.Task[Connection] | None = None

    @property
    def connecting(self) -> bool:
        """Whether the process is being found or started."""
        return self._connecting is not None

    @property
    def trouble(self) -> str:
        """Why the process could last not be reached; empty when it has answered since."""
        return self._backoff.trouble

    async def complete(self, request: Request) -> AsyncGenerator[TokenText | Completed, None]:
        """Stream one completion, or one turn of a conversation: any number of TokenText, then one Completed.

        Closing the iterator or cancelling its task cancels the request. Raises RuntimeUnavailable when the process
        cannot be reached, goes away or is not to be started again yet, RequestError when this request fails, and
        ModelNotFound or SettingError when the options cannot work.
        """
        connection = await self._connected()
        stream = connection.complete(request)
        try:
            async for item in stream:
                if isinstance(item, Completed):
                    self._backoff.succeeded()
                yield item
        except RequestError:
            self._backoff.succeeded()
            raise
        except RuntimeUnavailable as error:
            self._lost(connection, str(error))
            raise
        finally:
            await stream.aclose()

    async def warm(self) -> None:
        """Begin to find or start the process and return at once; `complete` will meet a failure again."""
        if self._live() is None:
            self._begin()

    async def status(self) -> RuntimeStatus | None:
        """How the process is, or None when none runs; never starts one."""
        connection = self._live()
        if connection is not None:
            return await connection.status()
        found = await Connection.open(self._options.address(), self._own_version())
        if found is None:
            return None
        try:
            return await found.status()
        finally:
            await found.close()

    async def close(self) -> None:
        """Let go of the process, which lives on; requests in flight end with RuntimeUnavailable."""
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.gather(self._connecting, return_exceptions=True)
        if self._connection is not None:
            await self._connection.close()

    async def _connected(self) -> Connection:
        connection = self._live()
        if connection is not None:
            return connection
        task = self._begin()
        if task is None:
            raise NotTriedYet(self._backoff.explain(), cause=self._backoff.trouble)
        # Shielded: several requests share this start, and the cancelling of one leaves the others waiting.
        return await asyncio.shield(task)

    def _live(self) -> Connection | None:
        connection = self._connection
        if connection is not None and connection.closed.is_set():
            self._lost(connection, "the model process went away")
        return self._connection

    def _lost(self, connection: Connection, reason: str) -> None:
        if connection is self._connection:  # once, however many requests were in flight
            self._connection = None
            self._backoff.failed(reason)

    def _begin(self) -> asyncio.Task[Connection] | None:
        if self._connecting is None:
            if not self._backoff.may_start():
                return None
            self._connecting = asyncio.create_task(self._connect(), name="runtime-start")
            self._connecting.add_done_callback(_log_failure)
        return self._connecting

    async def _connect(self) -> Connection:
        try:
            self._connection = await establish(self._options, self._own_version())
            return self._connection
        except (MellumError, OSError) as error:
            self._backoff.failed(str(error))
            raise
        finally:
            self._connecting = None

    def _own_version(self) -> str:
        self._version = self._version or installed_version()
        return self._version


async def establish(options: RuntimeOptions, version: str) -> Connection:
    """Connect to the process of `options`, starting it or replacing an older one as needed.

    Raises RuntimeUnavailable with the last lines of the log when it does not start, ProtocolMismatch when a newer one
    runs, ModelNotFound or SettingError when the options cannot work.
    """
    address = options.address()
    prepare_directory(address.directory)
    # Twice: the process that was found or reported ready may end by itself just before it is dialled.
    for _ in range(2):
        try:
            connection = await Connection.open(address, version)
        except ProtocolMismatch as mismatch:
            if not mismatch.replaceable:
                raise
            logger.info("%s", mismatch)
            await _retire(address)
            connection = None
        if connection is not None:
            return connection
        await spawn(options.command(address), options.log_file(address), options.start_seconds)
    connection = await Connection.open(address, version)
    if connection is None:
        raise RuntimeUnavailable(f"the model process ended after its start; see {options.log_file(address)}")
    return connection


async def _retire(address: Address) -> bool:
    try:
        async with asyncio.timeout(STOP_SECONDS):
            return await retire(address)
    except TimeoutError:
        raise RuntimeUnavailable(f"a model process did not end within {STOP_SECONDS:g} s of being asked") from None


def start(options: RuntimeOptions) -> RuntimeStatus:
    """Find or start the process and say how it is, perhaps still loading. Raises as `establish` does."""

    async def run() -> RuntimeStatus:
        connection = await establish(options, options.version or installed_version())
        try:
            return await connection.status()
        finally:
            await connection.close()

    return asyncio.run(run())


def stop(options: RuntimeOptions) -> bool:
    """Ask the process, of whatever version, to end and wait for it; False when none runs."""

    async def run() -> bool:
        return await _retire(options.address())

    return asyncio.run(run())


def status(options: RuntimeOptions) -> RuntimeStatus | None:
    """How the process is, or None when none runs; never starts one."""
    return asyncio.run(RuntimeClient(options).status())


def installed_version() -> str:
    """The version of this installation."""
    from importlib.metadata import version  # takes tens of milliseconds, and only a connection needs it

    return version("mellum-ls")


def _log_failure(task: asyncio.Task[Connection]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.warning("the model process is not available: %s", error)
