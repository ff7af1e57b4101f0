"""Bytes to message bodies and back: header framing, and the four ways in which an editor can be connected.

Knows no JSON. TCP is loopback only, in both directions.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import sys
import threading
from collections.abc import Callable
from typing import Protocol

_log = logging.getLogger(__name__)
_LENGTH = re.compile(rb"content-length:\s*(\d+)\s*$", re.IGNORECASE)
_CHUNK = 1 << 16
MAX_BODY = 1 << 28
LOOPBACK = "127.0.0.1"


class Writer(Protocol):
    """Where messages go."""

    def write(self, data: bytes) -> object:
        """Send `data`; raises OSError when nobody takes it any more."""

    def close(self) -> object:
        """No more data."""


async def read_messages(reader: asyncio.StreamReader, receive: Callable[[bytes], None]) -> None:
    """Hand each message body to `receive` until the input ends. Lines that are no header are skipped."""
    length = 0
    while True:
        try:
            line = await reader.readline()
        except ValueError:
            continue  # a line longer than the buffer: no header of ours, and readline has dropped it
        if not line:
            return
        if found := _LENGTH.search(line):
            length = int(found.group(1))
            if length > MAX_BODY:
                _log.error("closing: a message of %d bytes was announced", length)
                return
        elif not line.strip() and length:
            try:
                body = await reader.readexactly(length)
            except asyncio.IncompleteReadError:
                return
            length = 0
            receive(body)
            # Requests start as tasks: let this one see the document as it is before the next message changes it.
            await asyncio.sleep(0)


class _FileWriter:
    """Messages to a file descriptor, whole and at once."""

    def __init__(self, descriptor: int) -> None:
        self._file = os.fdopen(descriptor, "wb")

    def write(self, data: bytes) -> None:
        self._file.write(data)
        self._file.flush()

    def close(self) -> None:
        try:
            self._file.close()
        except OSError:
            _log.debug("the client closed its side first")


def stdio() -> tuple[asyncio.StreamReader, Writer]:
    """The process's own input and output. Afterwards stray prints go to stderr and cannot break the protocol.

    A thread reads, since not every system can wait for a pipe; it is a daemon, so that the process can end while
    a read is pending.
    """
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=_CHUNK, loop=loop)
    source = sys.stdin.fileno()
    target = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    def pump() -> None:
        try:
            while True:
                try:
                    data = os.read(source, _CHUNK)
                except OSError:
                    data = b""
                loop.call_soon_threadsafe(reader.feed_data if data else lambda _: reader.feed_eof(), data)
                if not data:
                    return
        except RuntimeError:
            return  # the loop has closed; nobody reads any more

    threading.Thread(target=pump, name="stdin", daemon=True).start()
    return reader, _FileWriter(target)


async def connect_pipe(path: str) -> tuple[asyncio.StreamReader, Writer]:
    """The Unix socket on which the client waits. Raises OSError when nobody does."""
    return await asyncio.open_unix_connection(path)


async def connect_socket(port: int) -> tuple[asyncio.StreamReader, Writer]:
    """The loopback port on which the client waits. Raises OSError when nobody does."""
    return await asyncio.open_connection(LOOPBACK, port)


async def accept_socket(port: int) -> tuple[asyncio.StreamReader, Writer]:
    """The first client that connects to this loopback port; 0 takes a free one, which the log names."""
    arrived: asyncio.Future[tuple[asyncio.StreamReader, Writer]] = asyncio.get_running_loop().create_future()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if arrived.done():
            writer.close()
        else:
            arrived.set_result((reader, writer))

    listener = await asyncio.start_server(connected, LOOPBACK, port)
    _log.info("listening on %s:%d", *listener.sockets[0].getsockname()[:2])
    try:
        return await arrived
    finally:
        listener.close()
