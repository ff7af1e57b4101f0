"""Code in fenced blocks, as a model is shown it and as it answers: one block, closed. Knows no document.

Prose around the block is let be; anything that has to be guessed is not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})[ \t]*([^`\n]*?)[ \t]*$")
_PATCHES = frozenset({"diff", "patch", "udiff"})
_FILE_NAME = re.compile(r"[\w.\\/-]*\w\.[A-Za-z]\w{0,4}$")
_NAMED_FILE = re.compile(r"^\s*(?:#|//|--|;|/\*|<!--)\s*(?:file(?:name)?:\s*)?(\S+?)\s*(?:\*/|-->)?\s*$", re.IGNORECASE)


class Malformed(Exception):
    """The answer cannot be used; the message says why in words for the model and for the log."""


@dataclass(frozen=True, slots=True)
class Block:
    """The lines of the answer's block, without ends."""

    lines: tuple[str, ...]


def fenced(text: str, language: str = "") -> str:
    """A block of code; its fence is longer than any run of backticks in it."""
    longest = max(map(len, re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def is_closed(text: str) -> bool:
    """Whether an answer that is still being written has a whole block: what comes behind it is of no use."""
    fence = ""
    for line in text.replace("\r\n", "\n").split("\n")[:-1]:
        found = _FENCE.match(line)
        if found and not fence:
            fence = found[1]
        elif found and not found[2] and found[1].startswith(fence):
            return True
    return False


def parse_answer(text: str, path: str = "", known: str = "") -> Block:
    """The one block of an answer about the file `path`. Raises Malformed.

    A first line that is a comment with the name of another file stands for that file, unless it is part of `known`.
    """
    blocks: list[tuple[str, list[str]]] = []
    fence = ""
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        found = _FENCE.match(line)
        if not fence:
            if found:
                fence = found[1]
                blocks.append((found[2], []))
        elif found and not found[2] and found[1].startswith(fence):
            fence = ""
        else:
            blocks[-1][1].append(line)
    if not blocks:
        raise Malformed("the answer has no code block")
    if fence:
        raise Malformed("the code block of the answer is not closed")
    if len(blocks) > 1:
        raise Malformed("the answer has more than one code block")
    info, lines = blocks[0]
    _refuse_other_files(info, lines, path, known)
    if not any(line.strip() for line in lines):
        raise Malformed("the code block of the answer is empty")
    return Block(tuple(lines))


def _refuse_other_files(info: str, lines: list[str], path: str, known: str) -> None:
    words = re.split(r"[\s:={}\"']+", info)
    if words[0].lower() in _PATCHES:
        raise Malformed("the answer is a patch, not the new code")
    first = _NAMED_FILE.match(lines[0]) if lines and lines[0] not in known.split("\n") else None
    named = [word for word in (*words, first[1] if first else "") if _FILE_NAME.match(word)]
    if any(_base(word) != _base(path) for word in named):
        raise Malformed("the answer is about another file")


def _base(path: str) -> str:
    return re.split(r"[\\/]", path)[-1]
