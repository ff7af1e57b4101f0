from __future__ import annotations

from typing import Any

import msgpack
import pytest

from mellum_ls.runtime.client.frames import decode_body
from mellum_ls.runtime.client.messages import (
    Cancel,
    Chat,
    ChatRequest,
    ClientMessage,
    Complete,
    CompletionRequest,
    End,
    Failure,
    Hello,
    RuntimeMessage,
    RuntimeStatus,
    Shutdown,
    StatusQuery,
    StatusReply,
    Stopping,
    Token,
    Usage,
    Welcome,
    parse_client_message,
    parse_runtime_message,
    to_wire,
)
from mellum_ls.runtime.errors import MessageError

REQUEST = CompletionRequest(
    session="file:///a.py",
    prefix="x = ",
    suffix="\n",
    path="a.py",
    context=(("b.py", "y = 1"), ("c.py", "")),
    repository="r",
    max_tokens=8,
    stop="block",
    rank=2,
    predicted="1\n",
)
STATUS = RuntimeStatus(
    state="ready",
    pid=7,
    version="0.1.0",
    model="/m",
    uptime_s=1.5,
    clients=2,
    active=1,
    queued={"inline": 3, "warm_up": 0},
    idle_seconds=60.0,
    cache_idle_seconds=30.0,
    rss_mb=300.5,
    completed=9,
    cancelled=8,
    superseded=7,
    failed=6,
    preempted=5,
    engine={"kv_bytes": 5, "nested": {"a": [1]}},
)
FROM_CLIENT: list[ClientMessage] = [
    Hello("0.1.0", 1, "aa"),
    Complete(1, REQUEST),
    Cancel(1),
    StatusQuery(2),
    Shutdown(3),
]
FROM_RUNTIME: list[RuntimeMessage] = [
    Welcome("0.1.0", 7, "/m"),
    Token(1, "text"),
    End(1, "text", "superseded", Usage(5, 4, 3, 2.0, 1.0)),
    StatusReply(2, STATUS),
    Stopping(3),
    Failure(None, "version", "no", "0.2.0", 9),
    Failure(4, "engine", "no"),
]


def carried(message: ClientMessage | RuntimeMessage) -> dict[str, object]:
    return decode_body(msgpack.packb(to_wire(message)))


@pytest.mark.parametrize("message", FROM_CLIENT, ids=lambda m: type(m).__name__)
def test_client_messages_come_back_as_they_went(message: ClientMessage) -> None:
    assert parse_client_message(carried(message)) == message


@pytest.mark.parametrize("message", FROM_RUNTIME, ids=lambda m: type(m).__name__)
def test_runtime_messages_come_back_as_they_went(message: RuntimeMessage) -> None:
    assert parse_runtime_message(carried(message)) == message


def test_the_wire_of_a_completion_is_the_agreed_one() -> None:
    assert carried(Complete(1, REQUEST)) == {
        "t": "complete",
        "id": 1,
        "session": "file:///a.py",
        "prompt": {
            "prefix": "x = ",
            "suffix": "\n",
            "path": "a.py",
            "context": [["b.py", "y = 1"], ["c.py", ""]],
            "repository": "r",
            "predicted": "1\n",
        },
        "max_tokens": 8,
        "stop": "block",
        "priority": "inline",
        "rank": 2,
    }


def test_what_may_be_left_out_has_defaults() -> None:
    wire: dict[str, object] = {"t": "complete", "id": 1, "session": "s", "prompt": {"prefix": "a"}}
    assert parse_client_message(wire) == Complete(1, CompletionRequest("s", "a"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"t": "explode"}, "field 't' should be one of cancel, chat, complete, hello, shutdown, status"),
        ({"t": None}, "field 't' should be one of"),
        ({"id": "1"}, "complete: field 'id' should be a whole number, found str"),
        ({"id": True}, "complete: field 'id' should be a whole number, found bool"),
        ({"id": -1}, "complete: field 'id' should be 0 or more"),
        ({"session": None}, "complete: field 'session' should be text, found NoneType"),
        ({"prompt": "secret"}, "complete: field 'prompt' should be a map, found str"),
        ({"prompt": {"suffix": ""}}, "complete.prompt: field 'prefix' should be text, found nothing"),
        ({"prompt": {"prefix": "", "context": [["a"]]}}, r"complete.prompt: field 'context\[0\]' should be"),
        ({"prompt": {"prefix": "", "context": [["a", "b"], ["c", 1]]}}, r"field 'context\[1\]' should be"),
        ({"max_tokens": 0}, "complete: field 'max_tokens' should be 1 or more"),
        ({"rank": -1}, "complete: field 'rank' should be 0 or more"),
        ({"stop": "secret"}, "complete: field 'stop' should be one of line, block, none"),
    ],
)
def test_a_bad_field_is_named_and_never_quoted(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(MessageError, match=message) as caught:
        parse_client_message(carried(Complete(1, REQUEST)) | changes)
    assert "secret" not in str(caught.value)


def test_each_side_refuses_the_messages_of_its_own_kind() -> None:
    with pytest.raises(MessageError):
        parse_client_message(carried(Token(1, "a")))
    with pytest.raises(MessageError):
        parse_runtime_message(carried(Cancel(1)))


def test_a_count_that_is_none_is_named() -> None:
    with pytest.raises(MessageError, match=r"status.queued: field 'inline' should be a whole number, found str"):
        parse_runtime_message(carried(StatusReply(2, STATUS)) | {"queued": {"inline": "many"}})


CHAT = ChatRequest(
    "s", (("system", "be brief"), ("user", "why?"), ("assistant", "so")), 7, "next_edit", True, "old text"
)


def test_a_chat_comes_back() -> None:
    wire = decode_body(msgpack.packb(to_wire(Chat(3, CHAT))))
    assert wire["t"] == "chat"
    assert parse_client_message(wire) == Chat(3, CHAT)
    bare = {"t": "chat", "id": 1, "session": "s", "messages": [["user", "why?"]]}
    assert parse_client_message(bare) == Chat(1, ChatRequest("s", (("user", "why?"),)))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"messages": []}, "'messages'"),
        ({"messages": [["tool", "secret"]]}, r"messages\[0\]"),
        ({"messages": [["user", "a"], ["user"]]}, r"messages\[1\]"),
        ({"messages": "secret"}, "'messages'"),
        ({"max_tokens": 0}, "'max_tokens'"),
        ({"priority": "secret"}, "'priority'"),
        ({"thinking": 1}, "'thinking'"),
        ({"predicted": ["secret"]}, "'predicted'"),
    ],
)
def test_a_wrong_chat_is_named_and_not_quoted(changes: dict[str, object], field: str) -> None:
    with pytest.raises(MessageError, match=field) as raised:
        parse_client_message({**decode_body(msgpack.packb(to_wire(Chat(3, CHAT)))), **changes})
    assert "secret" not in str(raised.value)
