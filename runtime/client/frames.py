"""Bytes on the socket: four big-endian length bytes, then one msgpack map. Knows no message.

A reader trusts nothing: a length is checked before memory is taken, and only a map with text keys passes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import msgpack

from mellum_ls.runtime.errors import FrameError

MAX_FRAME_BYTES = 16 * 1024 * 1024
LENGTH_BYTES = 4


def encode_frame(message: Mapping[str, object]) -> bytes:
    """One frame. Raises FrameError over 16 MiB.

    A lone surrogate, which an editor can send and UTF-8 cannot carry, becomes "?": still one character.
    """
    body: bytes = msgpack.packb(message, use_bin_type=True, unicode_errors="replace")
    if len(body) > MAX_FRAME_BYTES:
        raise FrameError(f"message of {len(body)} bytes is over the limit of {MAX_FRAME_BYTES}")
    return len(body).to_bytes(LENGTH_BYTES, "big") + body


def decode_body(body: bytes) -> dict[str, object]:
    """The map in a frame's body. Raises FrameError, which never quotes the bytes: they may be source code."""
    try:
        message = msgpack.unpackb(body, raw=False, strict_map_key=True)
    except (ValueError, RecursionError, msgpack.exceptions.StackError) as error:
        raise FrameError(f"frame of {len(body)} bytes is not msgpack ({type(error).__name__})") from None
    if not isinstance(message, dict):
        raise FrameError(f"frame holds {type(message).__name__}, not a map")
    for key in message:
        if not isinstance(key, str):
            raise FrameError(f"frame has a key of type {type(key).__name__}, not text")
    return message


async def read_frame(reader: asyncio.StreamReader) -> dict[str, object] | None:
    """The next message, or None when the peer closed between two frames.

    Raises FrameError for a length of 0 or over the limit, a body that is no map, an end within a frame.
    """
    try:
        head = await reader.readexactly(LENGTH_BYTES)
    except asyncio.IncompleteReadError as error:
        if not error.partial:
            return None
        raise FrameError("connection ended within a frame's length") from None
    length = int.from_bytes(head, "big")
    if not 0 < length <= MAX_FRAME_BYTES:
        raise FrameError(f"frame length {length} is not within 1..{MAX_FRAME_BYTES}: the peer does not speak frames")
    try:
        body = await reader.readexactly(length)
    except asyncio.IncompleteReadError as error:
        raise FrameError(f"connection ended after {len(error.partial)} of {length} bytes of a frame") from None
    return decode_body(body)
