"""A server that listens does so on the loopback only, for one client, with the same rules as over pipes."""

import asyncio
import json
import re
import socket
from pathlib import Path

from tests.fakes.lsp_client import SERVE, isolated_environment

COMMAND = (*SERVE[:-1], "--port", "0")
LOOPBACK = "0100007F"


def listening_addresses(port: int) -> set[str]:
    """The local addresses at which this machine listens on `port`, as the kernel writes them (proc(5))."""
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for row in Path(table).read_text().splitlines()[1:]:
            address, _, local_port = row.split()[1].partition(":")
            if int(local_port, 16) == port and row.split()[3] == "0A":
                found.add(address)
    return found


def test_only_this_machine_can_connect(tmp_path: Path) -> None:
    async def run() -> None:
        process = await asyncio.create_subprocess_exec(
            *COMMAND, stderr=asyncio.subprocess.PIPE, env=isolated_environment(tmp_path)
        )
        try:
            assert process.stderr is not None
            async with asyncio.timeout(60):
                while not (found := re.search(rb"listening on 127\.0\.0\.1:(\d+)", await process.stderr.readline())):
                    pass
            port = int(found.group(1))
            assert listening_addresses(port) == {LOOPBACK}
            await talk(port)
            async with asyncio.timeout(60):
                assert await process.wait() == 0
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()

    asyncio.run(run())


async def talk(port: int) -> None:
    """A short session; a second client finds nobody."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for message in (
        {"id": 1, "method": "initialize", "params": {"capabilities": {}, "initializationOptions": {"enable": False}}},
        {"id": 2, "method": "shutdown"},
    ):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        writer.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        header = await reader.readline()
        await reader.readline()
        answer = json.loads(await reader.readexactly(int(header.split(b":")[1])))
        assert answer["id"] == message["id"]
    assert not listening_addresses(port), "it goes on listening"
    with socket.socket() as second:
        assert second.connect_ex(("127.0.0.1", port)) != 0
    body = b'{"jsonrpc": "2.0", "method": "exit"}'
    writer.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
    assert await reader.read() == b""
    writer.close()
