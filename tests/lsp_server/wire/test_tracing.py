import pytest

from mellum_ls.lsp_server.wire.tracing import Tracer, describe


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (
            {"id": 3, "method": "textDocument/inlineCompletion", "params": {"secret": "secret"}},
            "request textDocument/inlineCompletion, id 3",
        ),
        ({"method": "textDocument/didChange", "params": "secret"}, "notification textDocument/didChange"),
        ({"id": "x", "result": {"items": ["secret"]}}, "response to x"),
        ({"id": 4, "error": {"code": -32602, "message": "secret"}}, "response to 4, error -32602"),
        ({"id": 4, "error": {"code": "secret"}}, "response to 4, error"),
        ({"id": ["secret"], "method": 7}, "request of no usable name, id unusable"),
        ({"id": "secret" * 99, "method": "secret" * 99}, "request of no usable name, id unusable"),
    ],
)
def test_a_message_is_told_without_what_is_in_it(message: dict[str, object], said: str) -> None:
    assert describe(message) == said
    told: list[dict[str, str]] = []
    tracer = Tracer(told.append)
    for tracer.value in ("off", "messages", "verbose"):
        tracer.received(message, 12)
        tracer.sent(message, 34)
    assert told == [
        {"message": f"received {said}"},
        {"message": f"sent {said}"},
        {"message": f"received {said}", "verbose": "12 bytes"},
        {"message": f"sent {said}", "verbose": "34 bytes"},
    ]


@pytest.mark.parametrize("method", ["$/logTrace", "window/logMessage"])
def test_no_trace_of_traces(method: str) -> None:
    told: list[dict[str, str]] = []
    tracer = Tracer(told.append)
    tracer.value = "verbose"
    tracer.sent({"method": method}, 1)
    assert told == []
