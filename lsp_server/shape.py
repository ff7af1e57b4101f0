"""How much to ask for at a cursor: one line or a block. Pure functions on single lines, for any language.

Judges by the characters around the cursor only; syntax trees are not its business.
"""

from __future__ import annotations

from typing import Literal

_CLOSERS = frozenset(")]}>\"'`,;:")
_OPENERS = (":", "{", "(", "[", "=>", "->")
_OPENING_WORDS = frozenset({"do", "then", "else", "begin", "try"})
_COMMENT_STARTS = ("#", "//", "--", "*", '"""')


def is_closers(text: str) -> bool:
    """Whether `text` holds nothing but blanks, closing brackets, quotes and separators."""
    return all(character in _CLOSERS or character.isspace() for character in text)


def opens_block(line: str) -> bool:
    """Whether the next line is likely to be a block that `line` opens."""
    code = line.strip()
    if not code or code.startswith(_COMMENT_STARTS):
        return False
    return code.endswith(_OPENERS) or code.split()[-1] in _OPENING_WORDS


def stop_mode(before: str, after: str, previous: str) -> Literal["line", "block"]:
    """Where a suggestion at `before`|`after` should end; `previous` is the nearest line above that is not blank.

    Text behind the cursor other than closers asks for the rest of this line. Otherwise a block is due after a line
    that opens one: the cursor's own line, or the one above when the cursor's line is still blank.
    """
    if not is_closers(after):
        return "line"
    return "block" if opens_block(before if before.strip() else previous) else "line"
