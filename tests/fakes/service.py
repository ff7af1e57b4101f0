"""A model process's server inside the test's own event loop, and a peer that speaks raw frames to it."""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from mellum_ls.runtime.client.address import Address, Kind, address_of, dial
from mellum_ls.runtime.client.frames import encode_frame, read_frame
from mellum_ls.runtime.client.messages import PROTOCOL
from mellum_ls.runtime.service.idleness import CallLater
from mellum_ls.runtime.service.instance import claim
from mellum_ls.runtime.service.server import RuntimeServer, ServerOptions
from mellum_ls.runtime.service.worker import ServedEngine

VERSION = "0.1.0"

_peers: defaultdict[Address, list[Peer]] = defaultdict(list)


@contextlib.asynccontextmanager
async def serving(
    folder: Path,
    load: Callable[[], ServedEngine],
    *,
    idle_seconds: float = 60.0,
    cache_idle_seconds: float = 60.0,
    failed_seconds: float = 60.0,
    drain_seconds: float = 0.2,
    kind: Kind = "unix",
    call_later: CallLater | None = None,
) -> AsyncIterator[tuple[Address, RuntimeServer, asyncio.Task[bool]]]:
    """Address, server, and the task of its `run`, which may also end within the block. Closes all peers at its end."""
    instance = claim(address_of(folder, folder / "run", kind))
    assert instance is not None
    options = ServerOptions(VERSION, str(folder), idle_seconds, cache_idle_seconds, drain_seconds, failed_seconds)
    server = RuntimeServer(instance, load, options, call_later)
    listening = asyncio.Event()
    running = asyncio.create_task(server.run(listening.set))
    await listening.wait()
    try:
        yield instance.address, server, running
    finally:
        server.request_stop()
        await running
        # A test that fails closes nothing, and its own error should not drown in warnings.
        for peer in _peers.pop(instance.address, ()):
            await peer.close()
        instance.release()


class Peer:
    """A client that sends what it is told to, right or wrong."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def connect(cls, address: Address, *, greet: bool = True) -> Peer:
        dialled = await dial(address)
        assert dialled is not None, f"nothing listens at {address}"
        peer = cls(*dialled[0])
        _peers[address].append(peer)
        if greet:
            await peer.send(t="hello", protocol=PROTOCOL, version=VERSION, token=dialled[1])
            assert (await peer.receive())["t"] == "welcome"
        return peer

    async def send(self, **message: object) -> None:
        await self.send_bytes(encode_frame(message))

    async def send_bytes(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    def end(self) -> None:
        """Say that nothing more will be sent."""
        self._writer.write_eof()

    async def complete(self, number: int, session: str = "s", prefix: str = "a", priority: str = "inline") -> None:
        prompt = {"prefix": prefix, "suffix": "b"}
        await self.send(t="complete", id=number, session=session, prompt=prompt, priority=priority)

    async def receive(self) -> dict[str, Any]:
        message = await asyncio.wait_for(read_frame(self._reader), 10)
        assert message is not None, "the server closed the connection"
        return message

    async def ends(self) -> bool:
        """Whether the server closes the connection now, after what it has sent."""
        return await asyncio.wait_for(read_frame(self._reader), 10) is None

    async def close(self) -> None:
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()
