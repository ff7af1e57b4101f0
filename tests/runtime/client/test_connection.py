from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from mellum_ls.runtime.client import connection as module
from mellum_ls.runtime.client.address import Address, address_of
from mellum_ls.runtime.client.connection import Connection, retire
from mellum_ls.runtime.client.frames import MAX_FRAME_BYTES, encode_frame
from mellum_ls.runtime.client.messages import Completed, CompletionRequest, TokenText
from mellum_ls.runtime.errors import (
    FrameError,
    ProtocolError,
    ProtocolMismatch,
    RequestError,
    RuntimeUnavailable,
    UnknownText,
)
from tests.fakes.engine import PIECES, ScriptedEngine
from tests.fakes.service import VERSION, serving

REQUEST = CompletionRequest(session="s", prefix="a", suffix="b")
Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def connect(address: Address) -> Connection:
    connection = await Connection.open(address, VERSION)
    assert connection is not None
    return connection


async def text_of(connection: Connection, request: CompletionRequest = REQUEST) -> str:
    return "".join([item.text async for item in connection.complete(request) if isinstance(item, TokenText)])


@pytest.mark.parametrize("kind", ["unix", "tcp"])
def test_streams_pieces_and_then_the_whole(tmp_path: Path, kind: str) -> None:
    async def run() -> None:
        engine = ScriptedEngine(free=True)
        async with serving(tmp_path, lambda: engine, kind="tcp" if kind == "tcp" else "unix") as (
            address,
            _,
            _,
        ):
            connection = await connect(address)
            *pieces, last = [item async for item in connection.complete(REQUEST)]
            assert pieces == [TokenText(piece) for piece in PIECES]
            assert isinstance(last, Completed)
            assert (last.text, last.reason, last.usage.prompt_tokens) == ("".join(PIECES), "stop", 7)
            assert engine.requests == [replace(REQUEST, session="1 s")]
            await connection.close()

    asyncio.run(run())


def test_many_requests_share_the_connection(tmp_path: Path) -> None:
    async def run() -> None:
        async with serving(tmp_path, lambda: ScriptedEngine(free=True)) as (address, _, _):
            connection = await connect(address)
            requests = [replace(REQUEST, session=str(number)) for number in range(20)]
            texts = asyncio.gather(*(text_of(connection, request) for request in requests))
            assert (await connection.status()).clients == 1
            assert await texts == ["".join(PIECES)] * 20
            await connection.close()

    asyncio.run(run())


@pytest.mark.parametrize("how", ["close the iterator", "cancel the task"])
def test_letting_go_of_a_request_cancels_it(tmp_path: Path, how: str) -> None:
    async def run() -> None:
        engine = ScriptedEngine()
        async with serving(tmp_path, lambda: engine) as (address, _, _):
            connection = await connect(address)
            stream = connection.complete(REQUEST)
            engine.allow()
            assert await anext(stream) == TokenText(PIECES[0])
            if how == "close the iterator":
                await stream.aclose()
            else:
                waiting = asyncio.ensure_future(anext(stream))
                await asyncio.sleep(0)
                waiting.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await waiting
            await connection.status()  # the cancel frame went before this question
            engine.allow(1 + len(PIECES))
            assert await text_of(connection, replace(REQUEST, session="t")) == "".join(PIECES)
            assert engine.steps <= 2 + len(PIECES), "the cancelled request took more than its running step"
            await connection.close()

    asyncio.run(run())


def test_the_end_of_the_connection_fails_all_requests(tmp_path: Path) -> None:
    async def run() -> None:
        async with serving(tmp_path, ScriptedEngine) as (address, server, running):
            connection = await connect(address)
            requests = [text_of(connection, replace(REQUEST, session=name)) for name in "ab"]
            results = asyncio.gather(*requests, return_exceptions=True)
            await connection.status()
            server.request_stop()
            assert [type(result) for result in await results] == [RuntimeUnavailable] * 2
            await asyncio.wait_for(connection.closed.wait(), 10)
            await running
            with pytest.raises(RuntimeUnavailable, match="has closed the connection"):
                await text_of(connection)
            await connection.close()

    asyncio.run(run())


def test_a_failing_request_leaves_the_others_alone(tmp_path: Path) -> None:
    async def run() -> None:
        async with serving(tmp_path, lambda: ScriptedEngine(free=True)) as (address, _, _):
            connection = await connect(address)
            with pytest.raises(RequestError, match="ValueError"):
                await text_of(connection, replace(REQUEST, prefix="raise", suffix="secret"))
            with pytest.raises(RequestError, match="'max_tokens' should be 1 or more"):
                await text_of(connection, replace(REQUEST, max_tokens=0))
            with pytest.raises(RequestError, match="too large"):
                await text_of(connection, replace(REQUEST, prefix="x" * MAX_FRAME_BYTES))
            assert await text_of(connection) == "".join(PIECES)
            await connection.close()

    asyncio.run(run())


LONG = "x = 1\n" * 1000


def test_long_texts_cross_once_and_an_unknown_one_costs_one_more_message(tmp_path: Path) -> None:
    async def run() -> None:
        engine = ScriptedEngine(free=True)
        async with serving(tmp_path, lambda: engine) as (address, server, _):
            connection = await connect(address)
            request = replace(REQUEST, suffix=LONG, context=(("b.py", LONG + "y"), ("c.py", "short")))
            sizes: list[int] = []
            write = connection._writer.write

            def counting(data: bytes) -> None:
                sizes.append(len(data))
                write(data)

            connection._writer.write = counting  # type: ignore[method-assign]
            for _ in range(2):
                assert await text_of(connection, request) == "".join(PIECES)
            [client] = server._clients
            client.texts.forget()
            assert await text_of(connection, request) == "".join(PIECES)
            assert [size > 2 * len(LONG) for size in sizes] == [True, False, False, True]
            assert max(sizes[1:3]) < 400
            assert {(got.suffix, got.context) for got in engine.requests} == {(LONG, request.context)}
            await connection.close()

    asyncio.run(run())


def test_a_text_that_stays_unknown_fails_the_request_and_not_the_connection(tmp_path: Path) -> None:
    async def run() -> None:
        async with serving(tmp_path, lambda: ScriptedEngine(free=True)) as (address, server, _):
            connection = await connect(address)
            [client] = server._clients

            def never(wire: Mapping[str, object]) -> dict[str, object]:
                raise UnknownText("complete.prompt: field 'suffix' names a text that is not held")

            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(client.texts, "unpack", never)
                with pytest.raises(RequestError, match="names a text that is not held"):
                    await text_of(connection)
            assert await text_of(connection) == "".join(PIECES)
            await connection.close()

    asyncio.run(run())


def test_a_request_too_large_leaves_its_texts_unsent(tmp_path: Path) -> None:
    async def run() -> None:
        engine = ScriptedEngine(free=True)
        async with serving(tmp_path, lambda: engine) as (address, _, _):
            connection = await connect(address)
            with pytest.raises(RequestError, match="too large"):
                await text_of(connection, replace(REQUEST, suffix=LONG, prefix="x" * MAX_FRAME_BYTES))
            assert await text_of(connection, replace(REQUEST, suffix=LONG)) == "".join(PIECES)
            await connection.close()

    asyncio.run(run())


def test_versions_decide_who_gives_way(tmp_path: Path) -> None:
    async def run() -> None:
        async with serving(tmp_path, ScriptedEngine) as (address, _, running):
            with pytest.raises(ProtocolMismatch, match="restart the editor's") as older:
                await Connection.open(address, "0.0.9")
            assert not older.value.replaceable
            with pytest.raises(ProtocolMismatch, match=r"0\.10\.0 found a model process of 0\.1\.0") as newer:
                await Connection.open(address, "0.10.0")
            assert newer.value.replaceable
            assert await retire(address)
            await running
            assert await Connection.open(address, VERSION) is None
            assert not await retire(address)

    asyncio.run(run())


async def against(tmp_path: Path, answer: Answer) -> None:
    """Open a connection to a peer that answers hello in its own way."""
    address = address_of(tmp_path, tmp_path, "unix")
    peer = await asyncio.start_unix_server(answer, str(address.socket_path))
    try:
        assert await Connection.open(address, VERSION) is None
    finally:
        peer.close()


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", FrameError),
        (encode_frame({"t": "token", "id": 1, "text": ""}), ProtocolError),
        (encode_frame({"t": "welcome"}), ProtocolError),
        (encode_frame({"t": "error", "id": None, "code": "protocol", "message": "no"}), RuntimeUnavailable),
    ],
)
def test_a_stranger_on_the_socket_is_an_error(tmp_path: Path, data: bytes, error: type[Exception]) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(data)
        writer.close()

    with pytest.raises(error):
        asyncio.run(against(tmp_path, answer))


def test_a_peer_that_closes_at_once_counts_as_nobody(tmp_path: Path) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.close()

    asyncio.run(against(tmp_path, answer))


def test_a_peer_that_says_nothing_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HANDSHAKE_SECONDS", 0.1)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    with pytest.raises(RuntimeUnavailable, match=r"did not answer in 0\.1 s"):
        asyncio.run(against(tmp_path, answer))
