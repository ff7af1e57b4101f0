from __future__ import annotations

import asyncio
import contextlib

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mellum_ls.runtime.client.frames import MAX_FRAME_BYTES, decode_body, encode_frame, read_frame
from mellum_ls.runtime.errors import FrameError

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text(max_size=8) | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=6,
)


def read_all(data: bytes) -> list[dict[str, object]]:
    async def run() -> list[dict[str, object]]:
        reader = asyncio.StreamReader()
        reader.feed_data(data)
        reader.feed_eof()
        messages = []
        while (message := await read_frame(reader)) is not None:
            messages.append(message)
        return messages

    return asyncio.run(run())


@settings(max_examples=50)
@given(st.lists(st.dictionaries(st.text(max_size=4), VALUES, max_size=3), max_size=3))
def test_messages_come_back_as_they_went(messages: list[dict[str, object]]) -> None:
    assert read_all(b"".join(map(encode_frame, messages))) == messages


@given(st.binary(max_size=64))
def test_any_bytes_give_messages_or_a_frame_error(data: bytes) -> None:
    with contextlib.suppress(FrameError):
        assert all(isinstance(message, dict) for message in read_all(data))


def test_a_lone_surrogate_becomes_one_question_mark() -> None:
    assert read_all(encode_frame({"text": "a\ud800b"})) == [{"text": "a?b"}]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\0\0", "within a frame's length"),
        (b"\0\0\0\x05abc", "after 3 of 5 bytes"),
        (b"\0\0\0\0", "frame length 0"),
        (b"GET / HTTP/1.1\r\n\r\n", "does not speak frames"),
        ((MAX_FRAME_BYTES + 1).to_bytes(4, "big"), f"frame length {MAX_FRAME_BYTES + 1}"),
        (b"\0\0\0\x01\xc1", "not msgpack"),
        (b"\0\0\0\x02\xc0\xc0", "not msgpack"),
        (b"\0\0\0\x01\xc0", "holds NoneType, not a map"),
        (b"\0\0\0\x03\x81\xa1\xff", "not msgpack"),
        (b"\0\0\0\x04\x81\xc4\x00\xc0", "key of type bytes"),
    ],
)
def test_garbage_is_a_clear_error(data: bytes, message: str) -> None:
    with pytest.raises(FrameError, match=message):
        read_all(data)


def test_nesting_without_end_is_an_error() -> None:
    with pytest.raises(FrameError, match="not msgpack"):
        decode_body(b"\x81\xa1a" + b"\x91" * 100_000)


def test_the_limit_holds_when_sending_and_lets_its_own_size_through() -> None:
    overhead = len(msgpack.packb({"text": "x" * 100_000})) - 100_000
    largest = "x" * (MAX_FRAME_BYTES - overhead)
    assert read_all(encode_frame({"text": largest})) == [{"text": largest}]
    with pytest.raises(FrameError, match="over the limit"):
        encode_frame({"text": largest + "x"})


def test_errors_never_quote_the_content() -> None:
    with pytest.raises(FrameError) as caught:
        decode_body(b"secret source text")
    assert "secret" not in str(caught.value)
