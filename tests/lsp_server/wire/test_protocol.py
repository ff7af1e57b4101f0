import asyncio
import json
from typing import Any

import pytest

from mellum_ls.lsp_server.answers.completer import Suggestion
from mellum_ls.lsp_server.server import MellumServer
from mellum_ls.lsp_server.wire.protocol import (
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    NOT_INITIALIZED,
    PARSE_ERROR,
    MellumProtocol,
)
from tests.fakes.backend import ScriptedBackend
from tests.fakes.sleeper import settled


class Sent:
    """Collects what the server writes."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.broken = False

    def write(self, data: bytes) -> None:
        if self.broken:
            raise BrokenPipeError
        head, body = data.split(b"\r\n\r\n", 1)
        assert head == b"Content-Length: %d" % len(body)
        self.messages.append(json.loads(body))

    def close(self) -> None:
        pass


@pytest.fixture
def server() -> MellumServer:
    return MellumServer(lambda _: ScriptedBackend())


@pytest.fixture
def sent(server: MellumServer) -> Sent:
    collected = Sent()
    server.protocol.set_writer(collected)
    return collected


def request(protocol: MellumProtocol, method: str, params: object = None, number: object = 1) -> None:
    protocol.receive(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}).encode())


def errors(sent: Sent) -> list[tuple[object, int]]:
    return [(message["id"], message["error"]["code"]) for message in sent.messages]


def started(server: MellumServer, sent: Sent) -> MellumProtocol:
    request(server.protocol, "initialize", {"capabilities": {}}, "start")
    assert sent.messages.pop()["result"]["serverInfo"]["name"] == "mellum-ls"
    return server.protocol


@pytest.mark.parametrize(
    ("body", "answered"),
    [
        (b"{not json", (None, PARSE_ERROR)),
        (b"\xff\xfe", (None, PARSE_ERROR)),
        (b"[" * 100_000, (None, PARSE_ERROR)),
        (b"[]", (None, INVALID_REQUEST)),
        (b"7", (None, INVALID_REQUEST)),
        (b'{"id": 3, "method": "shutdown"}', (3, INVALID_REQUEST)),
        (b'{"jsonrpc": "2.0", "id": 3, "method": 4}', (3, INVALID_REQUEST)),
        (b'{"jsonrpc": "2.0", "id": null, "method": "shutdown"}', (None, INVALID_REQUEST)),
        (b'{"jsonrpc": "2.0", "id": 1.5, "method": "shutdown"}', (None, INVALID_REQUEST)),
        (b'{"jsonrpc": "2.0", "id": 3, "method": "no/such"}', (3, METHOD_NOT_FOUND)),
        (b'{"jsonrpc": "2.0", "id": 3, "method": "$/such"}', (3, METHOD_NOT_FOUND)),
        (b'{"jsonrpc": "2.0", "id": 3, "method": "initialize"}', (3, INVALID_REQUEST)),
        (b'{"jsonrpc": "2.0", "id": 3, "method": "textDocument/inlineCompletion"}', (3, INVALID_PARAMS)),
        (
            b'{"jsonrpc": "2.0", "id": 3, "method": "textDocument/inlineCompletion", "params": [1]}',
            (3, INVALID_PARAMS),
        ),
    ],
)
def test_garbage_gets_the_protocols_error_and_the_next_request_works(
    server: MellumServer, sent: Sent, body: bytes, answered: tuple[object, int]
) -> None:
    protocol = started(server, sent)
    protocol.receive(body)
    assert errors(sent) == [answered]
    sent.messages.clear()
    request(protocol, "shutdown", None, "next")
    assert sent.messages == [{"jsonrpc": "2.0", "id": "next", "result": None}]


def test_an_empty_list_of_params_is_an_empty_object(server: MellumServer, sent: Sent) -> None:
    protocol = started(server, sent)
    request(protocol, "shutdown", [])
    assert sent.messages == [{"jsonrpc": "2.0", "id": 1, "result": None}]


def test_commands_come_as_requests_and_as_notifications(server: MellumServer, sent: Sent) -> None:
    protocol = started(server, sent)
    server.session.documents.open("u", "python", 1, "x = ")
    offers = [server.session.offers.offer(document, Suggestion("1", 0, 4, 4)) for document in server.session.documents]
    params = {"command": "mellum.accepted", "arguments": [offers[0].id]}
    command = {"jsonrpc": "2.0", "method": "workspace/executeCommand"}

    async def run() -> None:
        protocol.receive(json.dumps({**command, "params": params}).encode())
        # At once: what comes next may close the document.
        assert offers[0].fate == "accepted"
        protocol.receive(json.dumps({**command, "params": {"command": "no.such"}}).encode())
        request(protocol, "workspace/executeCommand", params)
        while protocol.num_running:
            await asyncio.sleep(0)
        [answer] = sent.messages
        assert answer["result"] is None
        sent.messages.clear()
        request(protocol, "workspace/executeCommand", {"command": "no.such"})
        assert errors(sent) == [(1, INVALID_PARAMS)]

    asyncio.run(run())


@pytest.mark.parametrize(
    "body",
    [
        b'{"jsonrpc": "2.0", "method": "$/unknown", "params": {}}',
        b'{"jsonrpc": "2.0", "method": "no/such"}',
        b'{"jsonrpc": "2.0", "method": "textDocument/didOpen"}',
        b'{"jsonrpc": "2.0", "method": "textDocument/didChange", "params": 7}',
        b'{"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": 99}}',
        b'{"jsonrpc": "2.0", "method": "$/cancelRequest"}',
        b'{"jsonrpc": "2.0", "method": "$/setTrace", "params": {"value": "verbose"}}',
        b'{"jsonrpc": "2.0", "id": 99, "result": null}',
        b'{"jsonrpc": "2.0", "id": null, "error": {"code": 1, "message": "x"}}',
    ],
)
def test_bad_notifications_and_stray_responses_get_silence(server: MellumServer, sent: Sent, body: bytes) -> None:
    started(server, sent).receive(body)
    assert sent.messages == []


def test_requests_before_initialize_and_after_shutdown(server: MellumServer, sent: Sent) -> None:
    request(server.protocol, "shutdown", None, 1)
    server.protocol.receive(b'{"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {}}')
    assert errors(sent) == [(1, NOT_INITIALIZED)]
    sent.messages.clear()
    protocol = started(server, sent)
    request(protocol, "shutdown", None, 2)
    assert sent.messages.pop()["result"] is None
    request(protocol, "mellum/status", {}, 3)
    protocol.receive(b'{"jsonrpc": "2.0", "method": "initialized", "params": {}}')
    assert errors(sent) == [(3, INVALID_REQUEST)]


@pytest.mark.parametrize("encodings", [["utf-8", "utf-16"], ["utf-32"], None])
def test_positions_are_utf16_whatever_the_client_prefers(server: MellumServer, sent: Sent, encodings: object) -> None:
    general = {"general": {"positionEncodings": encodings}}
    request(server.protocol, "initialize", {"capabilities": general})
    assert sent.messages[0]["result"]["capabilities"]["positionEncoding"] == "utf-16"


def test_exit_is_told_with_and_without_shutdown(server: MellumServer, sent: Sent) -> None:
    told: list[bool] = []
    server.protocol.on_exit = lambda: told.append(server.protocol.shutdown_received)
    server.protocol.receive(b'{"jsonrpc": "2.0", "method": "exit"}')
    request(started(server, sent), "shutdown")
    server.protocol.receive(b'{"jsonrpc": "2.0", "method": "exit", "params": null}')
    assert told == [False, True]


def test_a_failing_handler_is_one_error_and_no_window(
    server: MellumServer, sent: Sent, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: object) -> None:
        raise ValueError("def secret(): pass")

    server.handle("test/fails", dict, fail)
    protocol = started(server, sent)
    request(protocol, "test/fails", {}, 5)
    protocol.receive(b'{"jsonrpc": "2.0", "method": "test/fails"}')
    assert errors(sent) == [(5, -32603)]
    assert "secret" not in json.dumps(sent.messages)
    assert "secret" not in caplog.text


def test_nothing_is_kept_of_what_has_run(server: MellumServer, sent: Sent) -> None:
    begun: list[object] = []

    async def work(_: dict[str, object]) -> None:
        begun.append(server.protocol.num_running)
        await asyncio.sleep(0)

    async def run() -> None:
        server.handle("test/works", dict, work)
        protocol = started(server, sent)
        for number in range(3):
            protocol.receive(b'{"jsonrpc": "2.0", "method": "test/works"}')
            request(protocol, "test/works", {}, number)
        while protocol.num_running:
            await asyncio.sleep(0)

    asyncio.run(run())
    assert begun == [6] * 6
    assert sorted(message["id"] for message in sent.messages) == [0, 1, 2]


def test_a_client_that_reads_no_more_ends_the_connection(server: MellumServer, sent: Sent) -> None:
    lost: list[bool] = []
    server.protocol.on_lost = lambda: lost.append(True)
    sent.broken = True
    request(server.protocol, "shutdown")
    assert lost == [True]


def test_traces_are_sent_while_they_are_wanted_and_hold_no_text(server: MellumServer, sent: Sent) -> None:
    protocol = started(server, sent)
    for value in ("verbose", "off"):
        protocol.receive(json.dumps({"jsonrpc": "2.0", "method": "$/setTrace", "params": {"value": value}}).encode())
        document = {"uri": "file:///secret.py", "text": "secret = 1"}
        opened = {"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"textDocument": document}}
        protocol.receive(json.dumps(opened).encode())
        request(protocol, "secret/method", {"secret": 1}, 9)
    traces = [message["params"] for message in sent.messages if message.get("method") == "$/logTrace"]
    assert [trace["message"] for trace in traces] == [
        "received notification textDocument/didOpen",
        "received request secret/method, id 9",
        "sent response to 9, error -32601",
        "received notification $/setTrace",
    ]
    assert all(trace["verbose"].endswith(" bytes") for trace in traces)
    assert "secret.py" not in json.dumps(traces)


@pytest.mark.parametrize(
    "method",
    [
        "initialized",
        "mellum/didMoveCursor",
        "workspace/didChangeConfiguration",
        "notebookDocument/didOpen",
        "notebookDocument/didChange",
        "notebookDocument/didSave",
        "workspace/didRenameFiles",
    ],
)
@pytest.mark.parametrize("params", ["", ', "params": null', ', "params": []'])
def test_a_notification_without_usable_params_harms_nothing(method: str, params: str) -> None:
    async def run() -> None:
        server, sent = MellumServer(lambda _: ScriptedBackend()), Sent()
        server.protocol.set_writer(sent)
        protocol = started(server, sent)
        protocol.receive(f'{{"jsonrpc": "2.0", "method": "{method}"{params}}}'.encode())
        await settled()
        assert all(message["method"] == "window/logMessage" for message in sent.messages)
        sent.messages.clear()
        request(protocol, "shutdown", None, "next")
        assert sent.messages == [{"jsonrpc": "2.0", "id": "next", "result": None}]
        await server.session.close()

    asyncio.run(run())
