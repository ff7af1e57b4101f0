"""An LSP client over the pipes of a real server process: raw JSON-RPC, no library, every message kept.

Every message either way is shown to a referee, and `server_process` fails when that has something to object to.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import sys
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.fakes.referee import Referee

SERVE = (sys.executable, "-P", "-m", "mellum_ls.lsp_server", "serve", "--stdio")
SECONDS = 60.0
Message = dict[str, Any]


class LspClient:
    """One connection. `notifications` holds what the server said unasked; `answers` counts responses by id."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.process = process
        self._stdin = process.stdin
        assert process.stderr is not None
        self._stdout = process.stdout
        self._stderr = process.stderr
        self._log_lines: list[str] = []
        self._ids = itertools.count(1)
        self._waiting: dict[int | str, asyncio.Future[Message]] = {}
        self.notifications: list[Message] = []
        self._heard = asyncio.Event()
        self.requests: list[Message] = []
        self.settings: dict[str | None, object] = {}
        """What workspace/configuration gets, by the URI of the folder; None is the window."""
        self.granted: set[str] = set()
        """Methods of the server's requests that are answered with null."""
        self.unclaimed: asyncio.Queue[Message] = asyncio.Queue()
        self.answers: Counter[int | str | None] = Counter()
        self.referee = Referee()
        self.configuration: Callable[[], Message] = dict
        """The result or the error with which workspace/configuration is answered instead."""
        self._reading = asyncio.ensure_future(self._read())
        self._listening = asyncio.ensure_future(self._listen())

    def send_bytes(self, data: bytes) -> None:
        """Bytes as they are, framing and all."""
        self._stdin.write(data)

    def send_body(self, body: bytes) -> None:
        """One framed body, JSON or not."""
        self.referee.sent(body)
        self.send_bytes(b"Content-Length: %d\r\n\r\n" % len(body) + body)

    def send(self, message: object) -> None:
        """One JSON message."""
        self.send_body(json.dumps(message).encode())

    def notify(self, method: str, params: object = None) -> None:
        """A notification."""
        self.send({"jsonrpc": "2.0", "method": method, "params": params})

    def start(self, method: str, params: object = None) -> tuple[int, asyncio.Future[Message]]:
        """Send a request; its id, and the whole response when it comes."""
        number = next(self._ids)
        answer: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        self.send({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        return number, answer

    async def request(self, method: str, params: object = None) -> Message:
        """Send a request and wait for the whole response."""
        _, answer = self.start(method, params)
        async with asyncio.timeout(SECONDS):
            return await answer

    async def initialize(self, options: object = None, **extra: object) -> Message:
        """initialize and initialized; the server's result."""
        params = {
            "processId": None,
            "rootUri": None,
            "capabilities": {},
            "initializationOptions": options,
            **extra,
        }
        response = await self.request("initialize", params)
        self.notify("initialized", {})
        result: Message = response["result"]
        return result

    def open(self, uri: str, text: str, version: int = 1) -> None:
        """didOpen."""
        document = {"uri": uri, "languageId": "python", "version": version, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": document})

    def change(self, uri: str, version: int, line: int, character: int, text: str) -> None:
        """didChange: insert `text` at one place."""
        place = {"line": line, "character": character}
        change = {"range": {"start": place, "end": place}, "text": text}
        document = {"uri": uri, "version": version}
        self.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [change]})

    async def heard(self, method: str) -> Message:
        """The first notification of that method, once it has come."""
        return await self.heard_where(lambda message: message["method"] == method)

    async def heard_where(self, fits: Callable[[Message], bool]) -> Message:
        """The first notification that `fits`, once it has come."""
        async with asyncio.timeout(SECONDS):
            while True:
                for message in self.notifications:
                    if fits(message):
                        return message
                self._heard.clear()
                await self._heard.wait()

    async def shut_down(self) -> int:
        """shutdown and exit; the exit code of the process."""
        await self.request("shutdown")
        self.notify("exit")
        return await self.wait()

    async def wait(self) -> int:
        """The exit code, once the process has ended."""
        async with asyncio.timeout(SECONDS):
            code = await self.process.wait()
            await self.settle()
        return code

    def close_input(self) -> None:
        """End of the server's input."""
        self._stdin.close()

    async def _read(self) -> None:
        while header := await self._stdout.readline():
            length = int(header.split(b":")[1])
            assert await self._stdout.readline() == b"\r\n"
            self._receive(json.loads(await self._stdout.readexactly(length)))
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(ConnectionError(f"the server has ended: {self.log}"))

    async def _listen(self) -> None:
        while line := await self._stderr.readline():
            self._log_lines.append(line.decode())

    @property
    def log(self) -> str:
        """What the server has written to stderr so far."""
        return "".join(self._log_lines)

    async def settle(self) -> None:
        """Wait until both of the server's outputs have ended."""
        await asyncio.gather(self._reading, self._listening)

    def _receive(self, message: Message) -> None:
        self.referee.received(message)
        if "method" in message:
            (self.requests if "id" in message else self.notifications).append(message)
            self._heard.set()
            if message["method"] in self.granted:
                self.send({"jsonrpc": "2.0", "id": message["id"], "result": None})
            if message["method"] == "workspace/configuration":
                scopes = [item.get("scopeUri") for item in message["params"]["items"]]
                answer = self.configuration() or {"result": [*map(self.settings.get, scopes)]}
                self.send({"jsonrpc": "2.0", "id": message["id"], **answer})
            return
        self.answers[message["id"]] += 1
        waiting = self._waiting.pop(message["id"], None)
        if waiting is None:
            self.unclaimed.put_nowait(message)
        elif not waiting.done():
            waiting.set_result(message)


def inline_params(uri: str, line: int, character: int, **extra: object) -> Message:
    """Params of textDocument/inlineCompletion."""
    position = {"line": line, "character": character}
    return {"textDocument": {"uri": uri}, "position": position, "context": {"triggerKind": 2}, **extra}


def isolated_environment(folder: Path, **extra: str) -> dict[str, str]:
    """This process's environment with the model process's folders under `folder`."""
    mine = {"MELLUM_RUNTIME_DIR": str(folder / "run"), "MELLUM_CACHE_DIR": str(folder / "cache")}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MELLUM_")}
    return {**kept, **mine, **extra}


@asynccontextmanager
async def server_process(
    command: Sequence[str] = SERVE, env: Mapping[str, str] | None = None
) -> AsyncGenerator[LspClient, None]:
    """A running server and a client to it; one that still runs at the end is shut down as an editor does.

    Raises AssertionError for whatever the referee of the conversation has found.
    """
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=None if env is None else dict(env),
        limit=1 << 24,
    )
    client = LspClient(process)
    try:
        yield client
        if process.returncode is None:
            await client.shut_down()
        await client.settle()
        client.referee.ended(process.returncode, client.log)
        assert not client.referee.faults, "\n".join(client.referee.faults)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        client.close_input()
        await client.settle()
