import asyncio
import json
import random
from collections import Counter
from importlib.metadata import version

from mellum_ls.lsp_server import server
from mellum_ls.lsp_server.server import MellumServer
from tests.fakes.backend import ScriptedBackend


class Collected:
    def __init__(self) -> None:
        self.data = b""
        self.closed = False

    def write(self, data: bytes) -> None:
        self.data += data

    def close(self) -> None:
        self.closed = True


def serve(*messages: dict[str, object], parent: int | None = None, end: bool = True) -> tuple[int, str, Collected]:
    """Feed `messages` to a fresh server: exit code, reason of the end, what it wrote."""

    async def run() -> tuple[int, str, Collected]:
        reader = asyncio.StreamReader()
        for message in messages:
            body = json.dumps({"jsonrpc": "2.0", **message}).encode()
            reader.feed_data(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        if end:
            reader.feed_eof()
        writer = Collected()
        mellum = MellumServer(lambda _: ScriptedBackend("1", turns=0))
        code = await mellum.serve(reader, writer, parent)
        return code, mellum.lifecycle.reason, writer

    return asyncio.run(run())


def test_the_version_is_that_of_the_package() -> None:
    assert version("mellum-ls") == server.VERSION


def test_a_closed_input_ends_with_1_and_after_shutdown_with_0() -> None:
    code, reason, writer = serve()
    assert (code, reason, writer.closed) == (1, "the input ended", True)
    start = {"id": 1, "method": "initialize", "params": {}}
    assert serve(start, {"id": 2, "method": "shutdown"})[0] == 0


def test_exit_ends_at_once() -> None:
    assert serve({"method": "exit"}, end=False)[:2] == (1, "exit")


def test_a_dead_parent_ends_it() -> None:
    assert serve(parent=1 << 30, end=False)[:2] == (1, "the parent process is gone")


def random_messages(count: int) -> list[dict[str, object]]:
    """Requests, edits and cancellations in any order, half of them with something wrong; request ids are unique."""
    dice = random.Random(7)
    uris = ["file:///a.py", "file:///b.py", None, 3]
    texts = ["", "x = ", "\r\n\u2028", "\U0001f389(", "\ud83d", None]
    numbers = [-1, 0, 1, 2, 99, 1 << 40, None, "1", 1.5]
    messages: list[dict[str, object]] = []
    for number in range(count):
        place = {"line": dice.choice(numbers), "character": dice.choice(numbers)}
        document = {
            "uri": dice.choice(uris),
            "version": number,
            "languageId": "python",
            "text": dice.choice(texts),
        }
        change = {"range": dice.choice([{"start": place, "end": place}, None, 1]), "text": dice.choice(texts)}
        params = {
            "textDocument": document,
            "position": place,
            "context": dice.choice([{"triggerKind": dice.choice([0, 1, 2, 9])}, None, 4]),
            "range": change["range"],
            "contentChanges": dice.choice([[change], [], None, [change, 5]]),
            "id": dice.randrange(number + 1),
            "notebookDocument": {"uri": "n", "cells": [{"kind": 2, "document": dice.choice(uris)}]},
            "cellTextDocuments": [document],
            "change": {"cells": {"textContent": [{"document": document, "changes": [change]}]}},
            "files": [{"uri": dice.choice(uris), "oldUri": dice.choice(uris), "newUri": dice.choice(uris)}],
        }
        method = dice.choice(
            ["textDocument/inlineCompletion", "mellum/status", "mellum/didMoveCursor", "no/such", "$/cancelRequest"]
            + [f"textDocument/did{what}" for what in ("Open", "Change", "Close")] * 2
            + [f"notebookDocument/did{what}" for what in ("Open", "Change", "Close")]
            + ["workspace/didRenameFiles", "workspace/didDeleteFiles"]
        )
        message: dict[str, object] = {
            "method": method,
            "params": dice.choice([params, params, params, None, []]),
        }
        messages.append({"id": number, **message} if dice.random() < 0.5 else message)
    return messages


def test_whatever_comes_every_request_gets_exactly_one_answer() -> None:
    # None of the others touches this document, so its request is answered however the rest is timed.
    calm = {"uri": "file:///calm.py", "languageId": "python", "version": 1, "text": "x = "}
    asked = {"textDocument": {"uri": calm["uri"]}, "position": {"line": 0, "character": 4}}
    messages: list[dict[str, object]] = [
        {"method": "textDocument/didOpen", "params": {"textDocument": calm}},
        {"id": "calm", "method": "textDocument/inlineCompletion", "params": asked},
        *random_messages(3000),
    ]
    start = {"id": "start", "method": "initialize", "params": {}}
    code, _, writer = serve(start, *messages, {"id": "end", "method": "shutdown"}, {"method": "exit"}, end=False)
    assert code == 0
    bodies = [json.loads(part.split(b"\r\n\r\n")[1]) for part in writer.data.split(b"Content-Length: ")[1:]]
    answers = Counter(body["id"] for body in bodies if "method" not in body)
    assert answers == Counter({"start": 1, "end": 1} | {m["id"]: 1 for m in messages if "id" in m})
    assert {body["method"] for body in bodies if "method" in body} <= {"window/logMessage"}
    [shown] = [body["result"]["items"] for body in bodies if body.get("id") == "calm"]
    assert [item["insertText"] for item in shown] == ["1"]
