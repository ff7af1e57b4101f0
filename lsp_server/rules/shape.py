"""How much to ask for at a cursor: one line or a block. Pure functions on single lines, for any language.

Judges by the characters around the cursor only; syntax trees are not its business.
"""

from __future__ import annotations

import re
from typing import Literal

from mellum_ls.runtime.balance import LONG_QUOTES, marks

_CLOSERS = frozenset(")]}>\"'`,;:")
_OPENERS = (":", "{", "(", "[", "=>", "->")
_OPENING_WORDS = frozenset({"do", "then", "else", "begin", "try", "repeat"})
# `*args` and `*pointer` are code, and so are `#[attribute]` and `#include`.
_COMMENT_LINE = re.compile(r"\s*(?:#(?:[\s#!]|$)|//|--(?:[\s\[-]|$)|/\*|\*(?:[\s/]|$)|<!--)")
# Strings are passed over, and so is what only looks like a comment: a division, an argument, a colour.
_COMMENT_OR_STRING = re.compile(
    r""""(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`(?:\\.|[^`\\])*`|(?P<comment>(?<=\s)#(?=[\s#]|$)|/\*|//)"""
)
_BEFORE_SLASHES = (";", "{", "}", "(", "[", ",", ":", ">", "")
# Heads that nothing ends but the line: of Lua, Ruby and shell, and tags.
_HEAD = re.compile(
    r"\s*(?:(?:local\s+|return\s+)?function\b.*\)|.*[=(,]\s*function\s*\([^)]*\)|(?:def|class|module)\s+[\w.:<(][^;{]*"
    r"|case\s.*\sin|<(?!(?:area|base|br|col|hr|img|input|link|meta|source)\b)[A-Za-z][\w.:-]*(?:\s[^<>]*)?(?<!/)>)"
)
# What the next line belongs to without being deeper: decorators, attributes, and a docstring's one line.
_BEFORE_BLOCK = re.compile(r"""\s*(?:@[A-Za-z_][^;]*|#\[.*\]|[rR]?(\"{3}|'{3}).+\1)""")


def is_closers(text: str) -> bool:
    """Whether `text` holds nothing but blanks, closing brackets, quotes and separators."""
    return all(character in _CLOSERS or character.isspace() for character in text)


def is_comment(line: str) -> bool:
    """Whether `line` begins a comment or goes on with one."""
    return _COMMENT_LINE.match(line) is not None or line.lstrip().startswith(LONG_QUOTES)


def code_of(line: str) -> str:
    """`line` without the comment at its end."""
    if is_comment(line):
        return ""
    for found in _COMMENT_OR_STRING.finditer(line):
        code = line[: found.start()]
        if found["comment"] == "//" and code.rstrip()[-1:] not in _BEFORE_SLASHES:
            continue  # in Python it divides
        if found["comment"] == "/*" and (code[-1:].isalnum() or code[-1:] in ("*", "/", ".", "_")):
            continue  # in a path it means all files
        if found["comment"]:
            return code
    return line


def in_text(before: str) -> bool:
    """Whether a line that begins with `before` is in the middle of a string or a comment there."""
    if code_of(before) != before and not before.lstrip().startswith(LONG_QUOTES):
        return True
    return any(before.count(quote) % 2 for quote in LONG_QUOTES) or any(
        mark in ('"', "'", "`") for _, mark in marks(f"{before}\n")
    )


def opens_block(line: str) -> bool:
    """Whether the next line is likely to be a block that `line` opens."""
    code = code_of(line).strip()
    return bool(code) and (code.endswith(_OPENERS) or code.split()[-1] in _OPENING_WORDS)


def expects_deeper(line: str) -> bool:
    """Whether the line below `line` is likely to be indented deeper: a block, or the body of a head without a sign."""
    return opens_block(line) or _HEAD.fullmatch(code_of(line).rstrip()) is not None


def stop_mode(before: str, after: str, previous: str) -> Literal["line", "block"]:
    """Where a suggestion at `before`|`after` should end; `previous` is the nearest line above that is not blank.

    Text behind the cursor other than closers asks for the rest of this line, and so does a string or a comment that
    the cursor is in. Otherwise a block is due after a line that opens one: the cursor's own line, or the one above when
    the cursor's line is still blank; there also what a decorator or a docstring announces.
    """
    if not is_closers(after):
        return "line"
    if not before.strip():
        return "block" if expects_deeper(previous) or _BEFORE_BLOCK.fullmatch(previous.rstrip()) else "line"
    # Behind `name: ` comes a type or a value.
    if in_text(before) or (before.rstrip(" \t").endswith(":") and before[-1].isspace()):
        return "line"
    return "block" if opens_block(before) else "line"
