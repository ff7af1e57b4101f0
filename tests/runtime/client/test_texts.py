from __future__ import annotations

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mellum_ls.runtime.client.frames import decode_body, encode_frame
from mellum_ls.runtime.client.messages import Complete, CompletionRequest, parse_client_message, to_wire
from mellum_ls.runtime.client.texts import MIN_CHARS, HeldTexts, SentTexts
from mellum_ls.runtime.errors import MessageError, UnknownText

LONG = "x = 1\n" * MIN_CHARS
SHORT = "y = 2\n"


def request(*context: str, suffix: str = "", prefix: str = "a") -> Complete:
    files = tuple((f"{index}.py", text) for index, text in enumerate(context))
    return Complete(1, CompletionRequest("s", prefix, suffix, context=files))


def frame(sent: SentTexts, message: Complete) -> bytes:
    return encode_frame(sent.pack(to_wire(message)))


def received(held: HeldTexts, data: bytes) -> object:
    return parse_client_message(held.unpack(decode_body(data[4:])))


def test_a_long_text_goes_once_and_a_short_one_always() -> None:
    sent, held = SentTexts(), HeldTexts()
    message = request(LONG, SHORT, suffix=LONG + "end")
    first, second = frame(sent, message), frame(sent, message)
    assert received(held, first) == received(held, second) == message
    assert len(first) > 2 * len(LONG)
    assert len(second) < 400
    assert second.count(SHORT.encode()) == 1
    assert held.num_bytes == 2 * len(LONG) + len("end")


def test_the_prefix_always_goes_in_full() -> None:
    sent, held = SentTexts(), HeldTexts()
    for length in range(3):
        message = request(prefix=LONG + "k" * length)
        assert received(held, frame(sent, message)) == message
    assert held.num_bytes == 0


@pytest.mark.parametrize("length", [MIN_CHARS - 1, MIN_CHARS])
def test_the_least_length(length: int) -> None:
    sent = SentTexts()
    message = request("z" * length)
    frame(sent, message)
    assert (("z" * length).encode() in frame(sent, message)) == (length < MIN_CHARS)


def test_the_agreed_wire() -> None:
    prompt = decode_body(frame(SentTexts(), request("z" * MIN_CHARS))[4:])["prompt"]
    assert isinstance(prompt, dict)
    assert prompt["context"] == [["0.py", {"ref": "e40673cbcfe737ff168be7114c859398", "text": "z" * MIN_CHARS}]]


def test_what_is_not_held_is_asked_for_and_sent_again() -> None:
    sent, held = SentTexts(), HeldTexts()
    message = request(LONG)
    received(held, frame(sent, message))
    held.forget()
    with pytest.raises(UnknownText, match=r"complete\.prompt: field 'context\[0\]' names a text that is not held"):
        received(held, frame(sent, message))
    sent.forget()
    assert received(held, frame(sent, message)) == message


@pytest.mark.parametrize(
    ("field", "error"),
    [
        ({}, "'context\\[0\\]' should be text or a map"),
        ({"ref": 5}, "should be text or a map"),
        ({"ref": "a", "text": b"secret"}, "should be text or a map"),
        ({"ref": "ab", "text": "secret"}, "should have the hash of its text"),
        (["secret"], r"'context\[0\]' should be \[path, text\]"),
    ],
)
def test_a_wrong_field_is_named_and_never_quoted(field: object, error: str) -> None:
    wire = to_wire(request(LONG))
    wire["prompt"] = {"prefix": "a", "context": [["p", field]]}
    with pytest.raises(MessageError, match=error) as caught:
        received(HeldTexts(), encode_frame(wire))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "wire",
    [
        {"t": "cancel", "id": 1},
        {"t": "complete"},
        {"t": "complete", "prompt": "secret"},
        {"t": "complete", "prompt": {"context": "secret", "suffix": None}},
        {"t": "complete", "prompt": {"context": [["a"], 5]}},
    ],
)
def test_other_maps_are_left_to_their_parser(wire: dict[str, object]) -> None:
    assert HeldTexts().unpack(wire) == wire


def test_a_text_with_half_a_character_keeps_its_hash() -> None:
    sent, held = SentTexts(), HeldTexts()
    message = request(LONG + "\ud83d")
    for _ in range(2):
        assert received(held, frame(sent, message)) == request(LONG + "?")


TEXTS = [letter * (MIN_CHARS + extra) for letter in "abcé" for extra in (0, 1, 400)] + ["short", "q" * 5000]


@given(
    st.lists(st.tuples(st.lists(st.sampled_from(TEXTS), max_size=6), st.sampled_from(TEXTS)), max_size=30),
    st.integers(min_value=0, max_value=4000),
)
def test_both_ends_forget_the_same_within_the_limit(requests: list[tuple[list[str], str]], max_bytes: int) -> None:
    sent, held = SentTexts(max_bytes), HeldTexts(max_bytes)
    for context, suffix in requests:
        message = request(*context, suffix=suffix)
        assert received(held, frame(sent, message)) == message
        assert held.num_bytes <= max_bytes


def test_equal_requests_are_equal_bytes_once_known() -> None:
    sent = SentTexts()
    message = request(LONG, suffix=LONG)
    frame(sent, message)
    assert frame(sent, message) == frame(sent, message)
    assert msgpack.unpackb(frame(sent, message)[4:])["prompt"]["suffix"].keys() == {"ref"}


def test_the_least_recently_used_text_goes_first() -> None:
    first, second, third = ("a" * MIN_CHARS, "b" * MIN_CHARS, "c" * MIN_CHARS)
    sent, held = SentTexts(2 * MIN_CHARS), HeldTexts(2 * MIN_CHARS)
    for text in (first, second, first, third):
        received(held, frame(sent, request(text)))
    assert first.encode() not in frame(sent, request(first))
    assert second.encode() in frame(sent, request(second))
