"""One connection to a model process: greets it, then carries many requests at once over it. Starts nothing.

A reader task hands every frame to the request of its id. When the connection ends, requests in flight fail.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import re
from collections.abc import AsyncGenerator

from mellum_ls.runtime.client.address import Address, Streams, dial
from mellum_ls.runtime.client.frames import encode_frame, read_frame
from mellum_ls.runtime.client.messages import (
    PROTOCOL,
    Cancel,
    Chat,
    ChatRequest,
    ClientMessage,
    Complete,
    Completed,
    End,
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
    TokenText,
    Welcome,
    parse_runtime_message,
    to_wire,
)
from mellum_ls.runtime.client.texts import SentTexts
from mellum_ls.runtime.errors import (
    FrameError,
    MessageError,
    ProtocolError,
    ProtocolMismatch,
    RequestError,
    RuntimeUnavailable,
)

HANDSHAKE_SECONDS = 5.0

logger = logging.getLogger(__name__)
Inbox = asyncio.Queue[RuntimeMessage | RuntimeUnavailable]


class Connection:
    """A greeted connection, made by `Connection.open`. `closed` is set once either side has ended it."""

    def __init__(self, streams: Streams, welcome: Welcome) -> None:
        self.welcome = welcome
        self.closed = asyncio.Event()
        self._reader, self._writer = streams
        self._ids = itertools.count(1)
        self._inboxes: dict[int, Inbox] = {}
        self._texts = SentTexts()
        self._reading = asyncio.create_task(self._read(), name="runtime-connection")

    @classmethod
    async def open(cls, address: Address, version: str) -> Connection | None:
        """Connect and greet; None when nothing listens at `address`.

        Raises ProtocolMismatch when a process of another version answers, ProtocolError when something else does, and
        RuntimeUnavailable when it does not answer in time.
        """
        dialled = await dial(address)
        if dialled is None:
            return None
        streams, token = dialled
        try:
            answer = await _greet(streams, Hello(version, PROTOCOL, token))
            if isinstance(answer, Welcome):
                return cls(streams, answer)
            if answer is not None:
                raise _refusal(answer, version)
        except BaseException:
            await _hang_up(streams[1])
            raise
        await _hang_up(streams[1])  # it closed without an answer: it is ending, so nothing listens
        return None

    async def complete(self, request: Request) -> AsyncGenerator[TokenText | Completed, None]:
        """Stream one completion, or one turn of a conversation: any number of TokenText, then one Completed.

        Closing the iterator or cancelling its task tells the process to stop. Raises RuntimeUnavailable when the
        connection ends first, RequestError when this request is refused or fails.
        """
        number, inbox = self._open_inbox()
        question = Chat(number, request) if isinstance(request, ChatRequest) else Complete(number, request)
        over = again = False
        try:
            await self._send(question)
            while True:
                message = await inbox.get()
                if isinstance(message, Failure) and message.code == "unknown_text" and not again:
                    again = True
                    self._texts.forget()
                    await self._send(question)
                    continue
                if isinstance(message, Token):
                    yield TokenText(message.text)
                elif isinstance(message, End):
                    over = True
                    yield Completed(message.text, message.reason, message.usage)
                    return
                else:
                    over = True
                    raise _error_of(message)
        finally:
            del self._inboxes[number]
            if not over and not self.closed.is_set():
                self._writer.write(encode_frame(to_wire(Cancel(number))))

    async def status(self) -> RuntimeStatus:
        """How the process is. Raises RuntimeUnavailable when the connection ends first."""
        answer = await self._ask(StatusQuery)
        if isinstance(answer, StatusReply):
            return answer.status
        raise _error_of(answer)

    async def shut_down(self) -> None:
        """Ask the process to drain and end, and wait until it has closed the connection."""
        answer = await self._ask(Shutdown)
        if not isinstance(answer, Stopping):
            raise _error_of(answer)
        await self.closed.wait()

    async def close(self) -> None:
        """End the connection; the process cancels what it still does for it."""
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)
        await _hang_up(self._writer)

    async def _ask(self, kind: type[StatusQuery | Shutdown]) -> RuntimeMessage | RuntimeUnavailable:
        number, inbox = self._open_inbox()
        try:
            await self._send(kind(number))
            return await inbox.get()
        finally:
            del self._inboxes[number]

    def _open_inbox(self) -> tuple[int, Inbox]:
        if self.closed.is_set():
            raise RuntimeUnavailable("the model process has closed the connection")
        number = next(self._ids)
        inbox: Inbox = asyncio.Queue()
        self._inboxes[number] = inbox
        return number, inbox

    async def _send(self, message: ClientMessage) -> None:
        try:
            frame = encode_frame(self._texts.pack(to_wire(message)))
        except FrameError as error:
            self._texts.forget()  # it counts the texts as sent
            raise RequestError(f"the request is too large: {error}") from error
        try:
            self._writer.write(frame)
            await self._writer.drain()
        except ConnectionError as error:
            raise RuntimeUnavailable("the model process went away") from error

    async def _read(self) -> None:
        reason = "the model process went away"
        try:
            while (wire := await read_frame(self._reader)) is not None:
                self._deliver(parse_runtime_message(wire))
        except (FrameError, MessageError) as error:
            reason = f"the model process broke the protocol: {error}"
            logger.warning("%s", reason)
        except OSError as error:
            reason = f"the connection to the model process failed: {error.strerror}"
        finally:
            self.closed.set()
            self._writer.close()
            for inbox in self._inboxes.values():
                inbox.put_nowait(RuntimeUnavailable(reason))

    def _deliver(self, message: RuntimeMessage) -> None:
        if isinstance(message, Welcome):
            raise MessageError("welcome: sent twice")
        if message.id is None:
            raise MessageError(f"error: {message.message}")
        inbox = self._inboxes.get(message.id)
        if inbox is not None:  # else cancelled here while its last frames were on their way
            inbox.put_nowait(message)


async def retire(address: Address) -> bool:
    """Ask the process at `address`, of whatever version, to end, and wait until its connection closes.

    False when nothing listens there. The hello, error and shutdown frames are the same in all versions.
    """
    dialled = await dial(address)
    if dialled is None:
        return False
    (reader, writer), token = dialled
    try:
        await _greet((reader, writer), Hello("", PROTOCOL, token))
        writer.write(encode_frame(to_wire(Shutdown(0))))
        while await read_frame(reader) is not None:
            pass
    except (FrameError, ConnectionError):
        pass  # it ended without a last word, which is what was asked for
    finally:
        await _hang_up(writer)
    return True


async def _hang_up(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


async def _greet(streams: Streams, hello: Hello) -> RuntimeMessage | None:
    reader, writer = streams
    writer.write(encode_frame(to_wire(hello)))
    try:
        async with asyncio.timeout(HANDSHAKE_SECONDS):
            wire = await read_frame(reader)
    except TimeoutError:
        raise RuntimeUnavailable(
            f"a process holds the model's socket but did not answer in {HANDSHAKE_SECONDS:g} s"
        ) from None
    except ConnectionError:
        return None
    return None if wire is None else parse_runtime_message(wire)


def _refusal(answer: RuntimeMessage, version: str) -> RuntimeUnavailable:
    if isinstance(answer, Failure) and answer.code == "version":
        older = _rank(answer.version) < _rank(version)
        remedy = "it can be replaced" if older else "restart the editor's language server to use it"
        return ProtocolMismatch(
            f"mellum-ls {version} found a model process of {answer.version} (pid {answer.pid}); {remedy}",
            replaceable=older,
        )
    if isinstance(answer, Failure):
        return RuntimeUnavailable(f"the model process refused the connection: {answer.message}")
    return ProtocolError(f"the model process answered hello with {type(answer).__name__}")


def _rank(version: str) -> tuple[int, ...]:
    return tuple(int(digits) for digits in re.findall(r"\d+", version))


def _error_of(message: RuntimeMessage | RuntimeUnavailable) -> Exception:
    if isinstance(message, RuntimeUnavailable):
        return message
    if not isinstance(message, Failure):
        return ProtocolError(f"the model process sent an unexpected {type(message).__name__}")
    if message.code in ("load", "stopping"):
        return RuntimeUnavailable(message.message)
    return RequestError(message.message)
