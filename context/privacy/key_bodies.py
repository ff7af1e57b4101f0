"""Finds the bodies of private keys: lines of base64, with or without the lines that say so around them.

A part that was cut out of a file may have lost the line that begins the key or the one that ends it, so the body is
recognised by itself. A certificate looks the same from inside and goes with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from string import ascii_letters, digits

_BEGIN = re.compile(rb"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_END = re.compile(rb"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
# A line of a body, as it stands in a file or in a string of some language.
_BODY = re.compile(
    rb"[ \t]*(?:[#*]+[ \t]*|//[ \t]+)?[\"'`]?([A-Za-z0-9+/]{4,}={0,2})(?:\\[nr])*[\"'`]?[ \t]*[,+;\\)]?\\?[ \t\r]*"
)
_HEADER = re.compile(rb"[ \t\"']*(?:[A-Z][A-Za-z-]{2,20}: [^\n]{0,100})?(?:\\n)?[\"'\s,+]*")
_INLINE = re.compile(rb"(?:\\[nrt]|[A-Za-z0-9+/=\s])+")
# What a line must hold to be taken for part of a key although nothing around it says so.
# Letters of base64, so that a long run is found by a search for a fixed text.
_IN_BASE64 = bytes(ord("a" if chr(n) in ascii_letters + digits + "+/" else " ") for n in range(256))
_RUN = b"a" * 60
_SHORT = 16


def key_bodies(data: bytes) -> Iterator[tuple[int, int]]:
    """The spans of key material in `data`; the lines that begin and end a key stay."""
    if b"-----BEGIN " in data:
        for found in _BEGIN.finditer(data):
            yield from _after(data, found.end())
    if b"-----END " in data:
        for found in _END.finditer(data):
            yield from _before(data, found.start())
    yield from _alone(data)


def _after(data: bytes, at: int) -> Iterator[tuple[int, int]]:
    """What follows the line that begins a key: in the same line, escaped, or in the lines below."""
    line_end = _line_end(data, at)
    rest = _INLINE.match(data, at, line_end)
    if rest and len(rest.group().replace(b"\\n", b"").strip()) >= _SHORT:
        start = at + 2 if data[at : at + 2] in (b"\\n", b"\\r") else at
        yield start, rest.end()
        return
    full = False
    while line_end < len(data):
        start, line_end = line_end + 1, _line_end(data, line_end + 1)
        body = _BODY.fullmatch(data, start, line_end)
        # A short line is part of it only behind a longer one: `return` is base64 too.
        if body and (full or len(body.group(1)) >= _SHORT):
            full = True
            yield body.span(1)
        elif full or not _HEADER.fullmatch(data, start, line_end):
            return


def _before(data: bytes, at: int) -> Iterator[tuple[int, int]]:
    """What stands before the line that ends a key, whether or not its beginning is there: the lines above."""
    line_start = data.rfind(b"\n", 0, at) + 1
    last = True
    while line_start > 0:
        start, end = data.rfind(b"\n", 0, line_start - 1) + 1, line_start - 1
        body = _BODY.fullmatch(data, start, end)
        if body is None or (len(body.group(1)) < _SHORT and not last):
            return
        yield body.span(1)
        line_start, last = start, False


def _alone(data: bytes) -> Iterator[tuple[int, int]]:
    runs = data.translate(_IN_BASE64)
    at = 0
    while (at := runs.find(_RUN, at)) >= 0:
        start, end = data.rfind(b"\n", 0, at) + 1, _line_end(data, at)
        body = _BODY.fullmatch(data, start, end)
        at = end
        if body is None or not _is_mixed(body.group(1)) or len(body.group(1)) > 100:
            continue
        yield body.span(1)
        # The last line of a body is shorter.
        tail = _BODY.fullmatch(data, end + 1, _line_end(data, end + 1))
        if tail and len(tail.group(1)) >= 8:
            yield tail.span(1)


def _line_end(data: bytes, at: int) -> int:
    end = data.find(b"\n", at)
    return len(data) if end < 0 else end


def _is_mixed(value: bytes) -> bool:
    """Whether a line was drawn: a long name in camel case has the same letters, but is made of words."""
    kinds = ((rb"[a-z]", 3), (rb"[A-Z]", 3), (rb"[0-9+/]", 3))
    words = sum(map(len, re.findall(rb"[A-Z]?[a-z]{3,}", value)))
    return all(len(re.findall(kind, value)) >= least for kind, least in kinds) and words < 0.5 * len(value)
