"""One client's connection: its greeting, its requests, their answers. Knows its host only as a Protocol.

Every completion gets exactly one End or Failure: `_settle` alone sends them, and forgets the request with it.
Session names are a client's own: two clients that use the same one do not meet.
"""

from __future__ import annotations

import asyncio
import dataclasses
import functools
import logging
import os
import secrets
from collections.abc import Callable, Mapping
from typing import Literal, Protocol

from mellum_ls.runtime.client.frames import encode_frame, read_frame
from mellum_ls.runtime.client.messages import (
    PROTOCOL,
    Cancel,
    Chat,
    ClientMessage,
    Complete,
    Completed,
    End,
    ErrorCode,
    Failure,
    Hello,
    Request,
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
from mellum_ls.runtime.client.texts import HeldTexts
from mellum_ls.runtime.errors import FrameError, MessageError, UnknownText
from mellum_ls.runtime.service.job_queue import PRIORITIES, CancelReason, Job, JobQueue

HELLO_SECONDS = 5.0
MAX_UNSENT_BYTES = 32 * 1024 * 1024

logger = logging.getLogger(__name__)

Outcome = Literal["completed", "cancelled", "superseded", "failed"]


class Host(Protocol):
    """The server, as far as one connection needs it. All on the event loop, except `post`."""

    version: str
    model: str
    token: str
    queue: JobQueue

    def refusal(self) -> tuple[ErrorCode, str] | None:
        """Why no completion can be taken, if so."""

    def status(self) -> RuntimeStatus:
        """How the process is."""

    def request_stop(self) -> None:
        """Begin to end the process."""

    def welcomed(self, client: Conversation) -> None:
        """A client has greeted well."""

    def taken(self) -> None:
        """A completion has been queued."""

    def settled(self, outcome: Outcome) -> None:
        """A completion is over."""

    def post(self, call: Callable[[], None]) -> None:
        """Run `call` on the event loop. Any thread."""


class Conversation:
    """One connection, from its first byte to its last. `run` never raises for what the peer does.

    `name` is a number that no other connection of the process has.
    """

    def __init__(self, name: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: Host) -> None:
        self.jobs: dict[int, Job] = {}
        self.texts = HeldTexts()
        self._name = name
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
            while self.jobs:
                _, job = self.jobs.popitem()
                self._host.queue.cancel(job, "cancelled")
                self._host.settled("cancelled")
            self._writer.close()

    def cancel_all(self) -> None:
        """End all completions early, as `Cancel` does."""
        for number in list(self.jobs):
            self._cancel(number, "cancelled")

    def fail_waiting(self, code: ErrorCode, message: str) -> None:
        """End the completions that have not begun with an error."""
        for number, job in list(self.jobs.items()):
            if self._host.queue.withdraw(job):
                self._settle(number, job, Failure(number, code, message))

    def fail_all(self, code: ErrorCode, message: str) -> None:
        """End all completions with an error; what the engine still says of them is dropped."""
        for number, job in list(self.jobs.items()):
            self._host.queue.cancel(job, "cancelled")
            self._settle(number, job, Failure(number, code, message))

    def _cancel(self, number: int, reason: CancelReason) -> None:
        """End a completion early: at once if it has not begun, else before the engine's next step."""
        job = self.jobs.get(number)
        if job is not None and self._host.queue.cancel(job, reason):
            self._settle(number, job, End(number, "", reason, Usage()))

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
            self._handle(parse_client_message(self.texts.unpack(wire)))
        except MessageError as error:
            number = wire.get("id")
            if not isinstance(number, int) or number < 0 or number in self.jobs:
                number = None  # a request in flight keeps its one answer, even if the bad message bears its id
            code: ErrorCode = "unknown_text" if isinstance(error, UnknownText) else "bad_request"
            self._send(Failure(number, code, str(error)))

    def _handle(self, message: ClientMessage) -> None:
        if isinstance(message, Complete | Chat):
            self._begin(message)
        elif isinstance(message, Cancel):
            self._cancel(message.id, "cancelled")
        elif isinstance(message, StatusQuery):
            self._send(StatusReply(message.id, self._host.status()))
        elif isinstance(message, Shutdown):
            self._stop(message)
        else:
            raise MessageError("hello: said twice")

    def _stop(self, request: Shutdown) -> None:
        self._send(Stopping(request.id))
        self._host.request_stop()

    def _begin(self, message: Complete | Chat) -> None:
        number = message.id
        if number in self.jobs:
            raise MessageError(f"{'chat' if isinstance(message, Chat) else 'complete'}: id {number} is in use")
        refusal = self._host.refusal()
        if refusal is not None:
            self._send(Failure(number, *refusal))
            self._host.settled("failed")
            return
        session = f"{self._name} {message.request.session}"
        request = dataclasses.replace(message.request, session=session)
        rivals = {
            other: job
            for other, job in self.jobs.items()
            if job.request.session == session and job.cancel_reason is None
        }
        # By id, not by arrival: a request that is sent again, with its texts, is older than what came since.
        if any(other > number and not _more_urgent(request, job.request) for other, job in rivals.items()):
            self._send(End(number, "", "superseded", Usage()))
            self._host.settled("superseded")
            return
        for other, job in rivals.items():
            if other < number and not _more_urgent(job.request, request):
                self._cancel(other, "superseded")
        post = self._host.post
        job = Job(
            self._name,
            request,
            on_text=lambda text: post(functools.partial(self._piece, number, job, text)),
            on_end=lambda done: post(functools.partial(self._end, number, job, done)),
            on_failure=lambda code, text: post(
                functools.partial(self._settle, number, job, Failure(number, code, text))
            ),
        )
        self.jobs[number] = job
        self._host.taken()
        self._host.queue.put(job)

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
            self._host.settled(_outcome(answer))

    def _send(self, message: RuntimeMessage) -> None:
        if self._writer.is_closing():
            return
        self._writer.write(encode_frame(to_wire(message)))
        if self._writer.transport.get_write_buffer_size() > MAX_UNSENT_BYTES:
            logger.warning("dropping a client that does not read its answers")
            self._writer.transport.abort()


def _more_urgent(request: Request, than: Request) -> bool:
    return PRIORITIES.index(request.priority) < PRIORITIES.index(than.priority)


def _outcome(answer: End | Failure) -> Outcome:
    if isinstance(answer, Failure):
        return "failed"
    return answer.reason if answer.reason in ("cancelled", "superseded") else "completed"
