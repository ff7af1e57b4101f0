"""The referee: a conversation without a fault, and for each fault one that has it."""

import json
from collections.abc import Callable

import pytest

from tests.fakes.referee import NULL_ID, Referee, answered_id

URI = "file:///a.py"


def send(referee: Referee, **message: object) -> None:
    referee.sent(json.dumps({"jsonrpc": "2.0", **message}).encode())


def hear(referee: Referee, **message: object) -> None:
    referee.received({"jsonrpc": "2.0", **message})


def started() -> Referee:
    """A referee that has seen initialize and an open document."""
    referee = Referee()
    send(referee, id=0, method="initialize", params={})
    hear(referee, id=0, result={"capabilities": {}})
    document = {"uri": URI, "languageId": "python", "version": 1, "text": "x = "}
    send(referee, method="textDocument/didOpen", params={"textDocument": document})
    return referee


def ask(referee: Referee, number: object = 1, uri: str = URI, **extra: object) -> None:
    position = {"line": 0, "character": 4}
    params = {"textDocument": {"uri": uri}, "position": position, "context": {"triggerKind": 2}, **extra}
    send(referee, id=number, method="textDocument/inlineCompletion", params=params)


def shown(text: str = "1", column: int = 4) -> dict[str, object]:
    place = {"line": 0, "character": column}
    return {"items": [{"insertText": text, "range": {"start": place, "end": place}}]}


def end(referee: Referee, code: int = 0, log: str = "") -> list[str]:
    send(referee, id="end", method="shutdown")
    hear(referee, id="end", result=None)
    send(referee, method="exit")
    referee.ended(code, log)
    return referee.faults


def test_a_conversation_without_a_fault() -> None:
    referee = started()
    ask(referee, 1, partialResultToken="t")
    hear(referee, method="$/progress", params={"token": "t", "value": shown()})
    hear(referee, id=1, result=shown("12"))
    ask(referee, "1")
    send(referee, method="$/cancelRequest", params={"id": "1"})
    hear(referee, id="1", error={"code": -32800, "message": "cancelled"})
    place = {"line": 0, "character": 4}
    change = {"range": {"start": place, "end": place}, "text": "yy"}
    send(
        referee,
        method="textDocument/didChange",
        params={"textDocument": {"uri": URI, "version": 2}, "contentChanges": [change]},
    )
    position = {"line": 0, "character": 6}
    send(
        referee,
        id=2,
        method="textDocument/inlineCompletion",
        params={"textDocument": {"uri": URI}, "position": position},
    )
    hear(referee, id=2, result=shown("3", 6))
    send(
        referee,
        id=3,
        method="textDocument/copilotInlineEdit",
        params={"textDocument": {"uri": URI, "version": 2}, "position": position},
    )
    hear(referee, id=3, result={"edits": [edit(version=2)]})
    hear(referee, id="server-1", method="workspace/configuration", params={"items": []})
    send(referee, id="server-1", result=[None])
    hear(referee, method="window/logMessage", params={"type": 3, "message": "hello"})
    referee.sent(b"{broken")
    hear(referee, id=None, error={"code": -32700, "message": "the message is not JSON"})
    assert end(referee) == []
    assert (referee.items, referee.edits, referee.unanswered) == (3, 1, [])


def twice(referee: Referee) -> None:
    ask(referee)
    hear(referee, id=1, result=shown())
    hear(referee, id=1, result=shown())


def another_id(referee: Referee) -> None:
    ask(referee)
    hear(referee, id="1", result=shown())


def null_result(referee: Referee) -> None:
    ask(referee)
    hear(referee, id=1, result=None)


def both(referee: Referee) -> None:
    ask(referee)
    hear(referee, id=1, result=shown(), error=None)


def internal_error(referee: Referee) -> None:
    send(referee, id=1, method="mellum/status")
    hear(referee, id=1, error={"code": -32603, "message": "internal error: KeyError"})


def inline_error(referee: Referee) -> None:
    ask(referee)
    hear(referee, id=1, error={"code": -32803, "message": "request failed"})


def cancelled_by_nobody(referee: Referee) -> None:
    ask(referee)
    hear(referee, id=1, error={"code": -32800, "message": "cancelled"})


def error_without_message(referee: Referee) -> None:
    ask(referee)
    hear(referee, id=1, error={"code": -32602})


def outdated(referee: Referee) -> None:
    """An answer for the text before a change that the server has seen."""
    change = {"textDocument": {"uri": URI, "version": 2}, "contentChanges": [{"text": ""}]}
    send(referee, method="textDocument/didChange", params=change)
    ask(referee)
    hear(referee, id=1, result=shown())


def unknown_document(referee: Referee) -> None:
    ask(referee, uri="file:///other.py")
    hear(referee, id=1, result=shown())


def closed_document(referee: Referee) -> None:
    send(referee, method="textDocument/didClose", params={"textDocument": {"uri": URI}})
    ask(referee)
    hear(referee, id=1, result=shown())


def late_progress(referee: Referee) -> None:
    ask(referee, partialResultToken="t")
    hear(referee, id=1, result=shown())
    hear(referee, method="$/progress", params={"token": "t", "value": shown()})


def bad_progress(referee: Referee) -> None:
    ask(referee, partialResultToken="t")
    hear(referee, method="$/progress", params={"token": "t", "value": shown(column=3)})
    hear(referee, id=1, result=shown())


def edit(version: int = 1, number: int = 1) -> dict[str, object]:
    place = {"line": 0, "character": 4}
    document = {"uri": URI, "version": version}
    command = {"title": "accept", "command": "c", "arguments": [str(number)]}
    return {"text": "1", "textDocument": document, "range": {"start": place, "end": place}, "command": command}


def ask_edit(referee: Referee, uri: str = URI, method: str = "textDocument/copilotInlineEdit", **extra: object) -> None:
    document = {"uri": uri, "version": 1}
    params = {"textDocument": document, "position": {"line": 0, "character": 4}, **extra}
    send(referee, id=1, method=method, params=params)


def null_edit(referee: Referee) -> None:
    ask_edit(referee)
    hear(referee, id=1, result=None)


def two_edits(referee: Referee) -> None:
    ask_edit(referee)
    hear(referee, id=1, result={"edits": [edit(), edit()]})


def edit_of_another_version(referee: Referee) -> None:
    ask_edit(referee)
    hear(referee, id=1, result={"edits": [edit(version=2)]})


def edit_of_an_unknown_document(referee: Referee) -> None:
    ask_edit(referee, uri="file:///b.py")
    hear(referee, id=1, result={"edits": [edit()]})


def edit_error(referee: Referee) -> None:
    ask_edit(referee)
    hear(referee, id=1, error={"code": -32801, "message": "the document has changed"})


def unexplained_silence(referee: Referee) -> None:
    ask_edit(referee, method="mellum/nextEdit")
    hear(referee, id=1, result={"edits": [], "kind": "", "reason": "", "silence": ""})


def window(referee: Referee) -> None:
    hear(referee, method="window/showMessage", params={"type": 1, "message": "it failed"})


def window_with_buttons(referee: Referee) -> None:
    hear(referee, id=9, method="window/showMessageRequest", params={"type": 1, "message": "it failed"})


def unknown_notification(referee: Referee) -> None:
    hear(referee, method="mellum/hello", params={})


def unknown_request(referee: Referee) -> None:
    hear(referee, id=9, method="workspace/codeLens/refresh", params={})


def client_silent(referee: Referee) -> None:
    hear(referee, id=9, method="workspace/configuration", params={})


def no_message(referee: Referee) -> None:
    referee.received(["hello"])


FAULTS: list[tuple[Callable[[Referee], None], str]] = [
    (ask, "request 1 was never answered"),
    (twice, "answered more often than it was asked"),
    (another_id, "request '1' was answered more often"),
    (null_result, "request 1: the result is NoneType"),
    (both, "not exactly one of result and error"),
    (internal_error, "ended with an internal error"),
    (inline_error, "ended with the error -32803"),
    (cancelled_by_nobody, "cancelled by nobody"),
    (error_without_message, "no code or no message"),
    (outdated, "not inside the document"),
    (unknown_document, "not open"),
    (closed_document, "not open"),
    (late_progress, "progress came for no open request"),
    (bad_progress, "does not contain the position"),
    (null_edit, "request 1: the result is NoneType"),
    (two_edits, "there are 2 edits"),
    (edit_of_another_version, "the version is not that of the request"),
    (edit_of_an_unknown_document, "not open got an edit"),
    (edit_error, "ended with the error -32801"),
    (unexplained_silence, "a reason for silence, or neither"),
    (window, "opened a window"),
    (window_with_buttons, "opened a window"),
    (unknown_notification, "unknown notification mellum/hello"),
    (unknown_request, "asked for the unknown workspace/codeLens/refresh"),
    (client_silent, "never answered by the client"),
    (no_message, "no JSON-RPC message"),
]


@pytest.mark.parametrize(("say", "fault"), FAULTS, ids=[say.__name__ for say, _ in FAULTS])
def test_each_fault_is_found(say: Callable[[Referee], None], fault: str) -> None:
    referee = started()
    say(referee)
    assert fault in "\n".join(end(referee))


def test_how_the_process_ended() -> None:
    assert "exit code" in end(started(), code=1)[0]
    assert "traceback" in end(started(), log="Traceback (most recent call last):\nKeyError")[0]
    killed = started()
    ask(killed)
    killed.ended(-9, "")
    assert killed.faults == [], "a server that was killed owes no answers"


def test_requests_that_share_an_id_are_each_answered() -> None:
    referee = started()
    for _ in range(3):
        ask(referee)
    hear(referee, id=1, error={"code": -32600, "message": "this id is still being answered"})
    hear(referee, id=1, result=shown())
    assert referee.unanswered == [("int", 1)]
    hear(referee, id=1, error={"code": -32600, "message": "this id is still being answered"})
    assert end(referee) == []


def test_of_requests_that_share_an_id_the_second_is_the_one_that_is_refused() -> None:
    referee = started()
    ask(referee)
    ask(referee)
    send(referee, id=1, method="no/such")
    hear(referee, id=1, error={"code": -32600, "message": "this id is still being answered"})
    hear(referee, id=1, result=shown())
    hear(referee, id=1, error={"code": -32601, "message": "there is no such method"})
    send(referee, id=3, method="")
    ask(referee, 3)
    hear(referee, id=3, error={"code": -32601, "message": "there is no such method"})
    hear(referee, id=3, result=shown())
    send(referee, id=2, method="initialize", params={})
    ask(referee, 2)
    hear(referee, id=2, error={"code": -32600, "message": "initialized already"})
    hear(referee, id=2, result=shown())
    assert end(referee) == []


def test_what_is_no_request_may_have_the_id_of_one() -> None:
    referee = started()
    referee.sent(b'{"id": 1, "method": "mellum/status"}')
    ask(referee)
    hear(referee, id=1, error={"code": -32600, "message": "not a JSON-RPC 2.0 object"})
    hear(referee, id=1, result=shown(column=9))
    assert "not inside the document" in end(referee)[0]


@pytest.mark.parametrize(
    ("body", "key"),
    [
        (b'{"jsonrpc": "2.0", "id": 1, "method": "a"}', ("int", 1)),
        (b'{"jsonrpc": "2.0", "id": "1", "method": "a"}', ("str", "1")),
        (b'{"jsonrpc": "2.0", "method": "a"}', None),
        (b'{"jsonrpc": "2.0", "id": 1, "result": 2}', None),
        (b'{"jsonrpc": "2.0", "id": true, "method": "a"}', NULL_ID),
        (b'{"jsonrpc": "2.0", "id": 1.0, "method": "a"}', NULL_ID),
        (b'{"jsonrpc": "2.0", "id": 1, "method": 2}', ("int", 1)),
        (b'{"jsonrpc": "2.0", "method": 2}', NULL_ID),
        (b'{"jsonrpc": "1.0", "id": 1, "method": "a"}', ("int", 1)),
        (b"[]", NULL_ID),
        (b"{", NULL_ID),
        (b"[" * 100_000, NULL_ID),
        (b"\xff", NULL_ID),
    ],
)
def test_which_bodies_are_answered_and_under_which_id(body: bytes, key: object) -> None:
    assert answered_id(body) == key
