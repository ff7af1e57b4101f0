"""One client's connection: its greeting, its requests, their answers. Knows its host only as a Protocol.

Every completion gets exactly one End or Failure: `_settle` alone sends them, and forgets the request with it.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import os
import secrets
from collections.abc import Callable, Mapping
from typing import Protocol

from mellum_ls.runtime.client.frames import encode_frame, read_frame
from mellum_ls.runtime.client.messages import (
    PROTOCOL,
    Cancel,
    ClientMessage,
    Complete,
    Completed,
    End,
    ErrorCode,
    Failure,
    Hello,
    RuntimeMessage,
    RuntimeStatus,
    Shutdown,
    StatusQuery,
    StatusReply,
    Stopping,
    Token,
    Usage,
    Welcome,
    parse_client_message,
    to_wire,
)
from mellum_ls.runtime.errors import FrameError, MessageError
from mellum_ls.runtime.service.worker import CancelReason, Job

HELLO_SECONDS = 5.0
MAX_UNSENT_BYTES = 32 * 1024 * 1024

logger = logging.getLogger(__name__)


class Host(Protocol):
    """The server, as far as one connection needs it. All on the event loop, except `post`."""

    version: str
    model: str
    token: str

    def submit(self, job: Job) -> None:
        """Queue a job for the engine."""

    def running(self) -> Job | None:
        """The job that the engine is at."""

    def refusal(self) -> tuple[ErrorCode, str] | None:
        """Why no completion can be taken, if so."""

    def status(self) -> RuntimeStatus:
        """How the process is."""

    def request_stop(self) -> None:
        """Begin to end the process."""

    def welcomed(self, client: Conversation) -> None:
        """A client has greeted well."""

    def settled(self) -> None:
        """A completion is over."""

    def post(self, call: Callable[[], None]) -> None:
        """Run `call` on the event loop. Any thread."""


class Conversation:
    """One connection, from its first byte to its last. `run` never raises for what the peer does."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: Host) -> None:
        self.jobs: dict[int, Job] = {}
        self._reader = reader
        self._writer = writer
        self._host = host

    async def run(self) -> None:
        """Serve the peer until it goes or breaks the framing; then cancel whatever it still wanted."""
        try:
            if await self._greet():
                self._host.welcomed(self)
                while (wire := await read_frame(self._reader)) is not None:
                    self._take(wire)
        except FrameError as error:
            logger.warning("closing a connection: %s", error)
            self._send(Failure(None, "protocol", str(error)))
        except OSError as error:
            logger.info("a connection failed: %s", error.strerror)
        finally:
            for job in self.jobs.values():
                job.cancel("cancelled")
            self.jobs.clear()
            self._host.settled()
            self._writer.close()

    def cancel(self, number: int, reason: CancelReason) -> None:
        """End a completion early: at once while it waits, within one step when the engine is at it."""
        job = self.jobs.get(number)
        if job is None:
            return
        job.cancel(reason)
        if self._host.running() is not job:
            self._settle(number, job, End(number, "", reason, Usage()))

    def fail(self, number: int, code: ErrorCode, message: str) -> None:
        """End a completion with an error; what the engine still says of it is dropped."""
        job = self.jobs.get(number)
        if job is not None:
            job.cancel("cancelled")
            self._settle(number, job, Failure(number, code, message))

    async def _greet(self) -> bool:
        try:
            async with asyncio.timeout(HELLO_SECONDS):
                wire = await read_frame(self._reader)
        except TimeoutError:
            return False
        if wire is None:
            return False
        try:
            hello = parse_client_message(wire)
        except MessageError as error:
            return self._refuse(str(error))
        if not isinstance(hello, Hello):
            return self._refuse("say hello first")
        if not secrets.compare_digest(hello.token.encode(), self._host.token.encode()):
            return self._refuse("the token is wrong")
        if (hello.protocol, hello.version) != (PROTOCOL, self._host.version):
            await self._turn_away(hello)
            return False
        self._send(Welcome(self._host.version, os.getpid(), self._host.model))
        return True

    def _refuse(self, message: str) -> bool:
        logger.warning("refusing a connection: %s", message)
        self._send(Failure(None, "protocol", message))
        return False

    async def _turn_away(self, hello: Hello) -> None:
        """Tell a client of another version so; the one thing it may still ask is that this process ends."""
        message = f"this process speaks protocol {PROTOCOL}, version {self._host.version}"
        self._send(Failure(None, "version", message, self._host.version, os.getpid()))
        wire = await read_frame(self._reader)
        if wire is None:
            return
        try:
            request = parse_client_message(wire)
        except MessageError:
            return
        if isinstance(request, Shutdown):
            logger.info("ending for a client of version %r, protocol %d", hello.version, hello.protocol)
            self._stop(request)
            await self._reader.read()  # until the server closes the connection, as its last deed

    def _take(self, wire: Mapping[str, object]) -> None:
        try:
            self._handle(parse_client_message(wire))
        except MessageError as error:
            number = wire.get("id")
            if not isinstance(number, int) or number < 0 or number in self.jobs:
                number = None  # a request in flight keeps its one answer, even if the bad message bears its id
            self._send(Failure(number, "bad_request", str(error)))

    def _handle(self, message: ClientMessage) -> None:
        if isinstance(message, Complete):
            self._begin(message)
        elif isinstance(message, Cancel):
            self.cancel(message.id, "cancelled")
        elif isinstance(message, StatusQuery):
            self._send(StatusReply(message.id, self._host.status()))
        elif isinstance(message, Shutdown):
            self._stop(message)
        else:
            raise MessageError("hello: said twice")

    def _stop(self, request: Shutdown) -> None:
        self._send(Stopping(request.id))
        self._host.request_stop()

    def _begin(self, message: Complete) -> None:
        number = message.id
        if number in self.jobs:
            raise MessageError(f"complete: id {number} is in use")
        refusal = self._host.refusal()
        if refusal is not None:
            self._send(Failure(number, *refusal))
            return
        for older, job in list(self.jobs.items()):
            if job.request.session == message.request.session:
                self.cancel(older, "superseded")
        post = self._host.post
        job = Job(
            message.request,
            on_text=lambda text: post(functools.partial(self._piece, number, job, text)),
            on_end=lambda done: post(functools.partial(self._end, number, job, done)),
            on_failure=lambda code, text: post(
                functools.partial(self._settle, number, job, Failure(number, code, text))
            ),
        )
        self.jobs[number] = job
        self._host.submit(job)

    def _piece(self, number: int, job: Job, text: str) -> None:
        if self.jobs.get(number) is job:
            self._send(Token(number, text))

    def _end(self, number: int, job: Job, done: Completed) -> None:
        self._settle(number, job, End(number, done.text, done.reason, done.usage))

    def _settle(self, number: int, job: Job, answer: End | Failure) -> None:
        # The job, not its number alone: a client may use a number again while the engine ends the old job.
        if self.jobs.get(number) is job:
            del self.jobs[number]
            self._send(answer)
            self._host.settled()

    def _send(self, message: RuntimeMessage) -> None:
        if self._writer.is_closing():
            return
        self._writer.write(encode_frame(to_wire(message)))
        if self._writer.transport.get_write_buffer_size() > MAX_UNSENT_BYTES:
            logger.warning("dropping a client that does not read its answers")
            self._writer.transport.abort()
