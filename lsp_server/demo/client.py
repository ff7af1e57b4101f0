"""An LSP client over the pipes of a child process: framing, request ids, partial results, cancellation.

Knows JSON-RPC and the life of the child; what the messages mean is editor.py's business.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Json = dict[str, Any]
METHOD_NOT_FOUND = -32601
LOG_LINES = 12
END_SECONDS = 10.0
MAX_HEADER_LINES = 8


class ServerGone(Exception):
    """The server has ended, or what it sends cannot be read; the message holds its last words."""


class Refused(Exception):
    """The server answered a request with an error."""


class LspClient:
    """One running server and the conversation with it. Made by `start`; always `close` it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None, "the child was started without an input"
        assert process.stdout is not None, "the child was started without an output"
        assert process.stderr is not None, "the child was started without an error output"
        self._process = process
        self._input, self._output, self._errors = process.stdin, process.stdout, process.stderr
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._partial: dict[str, Callable[[Any], None]] = {}
        self._log: deque[str] = deque(maxlen=LOG_LINES)
        self._gone = False
        self._listening = asyncio.ensure_future(self._listen())
        self._reading = asyncio.ensure_future(self._read())

    @classmethod
    async def start(cls, command: Sequence[str], variables: Mapping[str, str] | None = None) -> LspClient:
        """Start `command` and talk to it; `variables` None is this process's environment.

        Raises ServerGone when it cannot be run.
        """
        pipe = asyncio.subprocess.PIPE
        try:
            # Its own session: a Ctrl-C in the terminal is this client's, which then ends the server in order.
            process = await asyncio.create_subprocess_exec(
                *command, stdin=pipe, stdout=pipe, stderr=pipe, env=variables, start_new_session=True
            )
        except OSError as error:
            raise ServerGone(f"cannot run {command[0]}: {error.strerror or error}") from error
        return cls(process)

    async def initialize(self, root: str, options: Json, name: str = "mellum-ls demo") -> Json:
        """The start of a connection for the workspace `root` (a URI); the server's capabilities.

        `name` is what the client calls itself.
        """
        params = {
            "processId": os.getpid(),
            "clientInfo": {"name": name},
            "rootUri": root,
            "workspaceFolders": [{"uri": root, "name": root.rsplit("/", 1)[-1]}],
            "capabilities": {"textDocument": {"inlineCompletion": {}}},
            "initializationOptions": options,
        }
        result = await self.request("initialize", params)
        self.notify("initialized", {})
        capabilities: Json = result["capabilities"]
        return capabilities

    async def request(
        self, method: str, params: Json | None = None, on_partial: Callable[[Any], None] | None = None
    ) -> Any:
        """The result of a request; `on_partial` sees the value of each `$/progress` on the way.

        Cancelling sends `$/cancelRequest`. Raises ServerGone and Refused.
        """
        number = next(self._ids)
        message: Json = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
        token = f"partial-{number}"
        if on_partial is not None:
            message["params"] = {**(params or {}), "partialResultToken": token}
            self._partial[token] = on_partial
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            self._send(message)
            return await answer
        except asyncio.CancelledError:
            if not self._gone:
                self.notify("$/cancelRequest", {"id": number})
            raise
        finally:
            self._partial.pop(token, None)
            self._waiting.pop(number, None)

    def notify(self, method: str, params: Json | None = None) -> None:
        """Send a notification. Raises ServerGone."""
        self._send({"jsonrpc": "2.0", "method": method, "params": params})

    async def close(self) -> int:
        """Shut the server down as an editor does, or kill it when it does not end; its exit code."""
        try:
            async with asyncio.timeout(END_SECONDS):
                if not self._gone:
                    await self.request("shutdown")
                    self.notify("exit")
                code = await self._process.wait()
        except (TimeoutError, ServerGone, Refused):
            if self._process.returncode is None:
                self._process.kill()
            code = await self._process.wait()
        self._input.close()
        await asyncio.gather(self._reading, self._listening)
        return code

    def _send(self, message: Json) -> None:
        if self._gone or self._input.is_closing():
            raise ServerGone(self._last_words())
        body = json.dumps(message).encode()
        self._input.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))

    async def _read(self) -> None:
        try:
            while (body := await self._message()) is not None:
                self._receive(json.loads(body))
        except (ValueError, asyncio.IncompleteReadError):
            self._log.append("(it sent something that is no message)")
        # What it wrote before it ended is what the user wants to read.
        await asyncio.wait([self._listening], timeout=1.0)
        self._gone = True
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(ServerGone(self._last_words()))

    async def _message(self) -> bytes | None:
        """The next message body; None at the end. Raises ValueError for what has no length."""
        length = -1
        for _ in range(MAX_HEADER_LINES):
            line = await self._output.readline()
            if not line:
                return None
            if not line.strip():
                break
            name, _, value = line.partition(b":")
            if name.strip().lower() == b"content-length":
                length = int(value)
        if length < 0:
            raise ValueError("a message without a length")
        return await self._output.readexactly(length)

    def _receive(self, message: Json) -> None:
        if "method" not in message:
            answer = self._waiting.get(message.get("id", 0))
            if answer is None or answer.done():
                return
            if message.get("error") is None:
                answer.set_result(message.get("result"))
            else:
                answer.set_exception(Refused(str(message["error"].get("message", "no reason given"))))
        elif "id" in message:
            # This client has no settings to ask for and registers nothing.
            error = {"code": METHOD_NOT_FOUND, "message": f"this client does not know {message['method']}"}
            self._send({"jsonrpc": "2.0", "id": message["id"], "error": error})
        elif message["method"] == "$/progress":
            listener = self._partial.get(message["params"]["token"])
            if listener is not None:
                listener(message["params"]["value"])

    async def _listen(self) -> None:
        while line := await self._errors.readline():
            self._log.append(line.decode("utf-8", "replace").rstrip())

    def _last_words(self) -> str:
        words = "the language server has ended"
        return "\n".join([f"{words}; its log ends:", *self._log] if self._log else [words])
