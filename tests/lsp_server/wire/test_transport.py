import asyncio

from mellum_ls.lsp_server.wire import transport
from mellum_ls.lsp_server.wire.transport import MAX_BODY, read_messages


def read(data: bytes) -> list[bytes]:
    async def run() -> list[bytes]:
        reader = asyncio.StreamReader(limit=1 << 10)
        reader.feed_data(data)
        reader.feed_eof()
        bodies: list[bytes] = []
        await read_messages(reader, bodies.append)
        return bodies

    return asyncio.run(run())


def framed(body: bytes) -> bytes:
    return b"Content-Length: %d\r\n\r\n" % len(body) + body


def test_bodies_come_in_order_with_any_headers() -> None:
    typed = b"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\ncontent-length:2\r\n\r\n{}"
    assert read(framed(b"one") + typed + framed(b"three")) == [b"one", b"{}", b"three"]


def test_lines_that_are_no_header_are_skipped() -> None:
    assert read(b"hello\n\r\n\r\nContent-Length: x\r\n\r\n" + framed(b"good")) == [b"good"]
    assert read(b"z" * 5000 + b"\r\n" + framed(b"good")) == [b"good"]


def test_an_input_that_ends_inside_a_message_ends() -> None:
    assert read(framed(b"one") + b"Content-Length: 9\r\n\r\nhal") == [b"one"]


def test_an_absurd_length_ends_the_connection() -> None:
    assert read(b"Content-Length: %d\r\n\r\n" % (MAX_BODY + 1) + framed(b"one")) == []


def test_other_work_runs_between_two_messages_that_came_together() -> None:
    async def run() -> list[str]:
        reader = asyncio.StreamReader()
        reader.feed_data(framed(b"a") + framed(b"b"))
        reader.feed_eof()
        order: list[str] = []

        def receive(body: bytes) -> None:
            order.append(body.decode())
            asyncio.get_running_loop().call_soon(order.append, f"after {body.decode()}")

        await read_messages(reader, receive)
        return order

    assert asyncio.run(run()) == ["a", "after a", "b", "after b"]


def test_the_listening_port_is_on_the_loopback_only() -> None:
    async def run() -> None:
        loop = asyncio.get_running_loop()
        bound: asyncio.Future[tuple[str, int]] = loop.create_future()
        real = asyncio.start_server

        async def start_server(*args: object, **kwargs: object) -> asyncio.Server:
            server = await real(*args, **kwargs)  # type: ignore[arg-type]
            bound.set_result(server.sockets[0].getsockname()[:2])
            return server

        asyncio.start_server = start_server  # type: ignore[assignment]
        try:
            accepting = asyncio.ensure_future(transport.accept_socket(0))
            host, port = await bound
            assert host == "127.0.0.1"
            client_reader, client = await transport.connect_socket(port)
            reader, writer = await accepting
            client.write(framed(b"hello"))
            assert await reader.readexactly(7) == b"Content"
            writer.write(b"back")
            assert await client_reader.readexactly(4) == b"back"
            client.close()
            writer.close()
        finally:
            asyncio.start_server = real

    asyncio.run(run())
