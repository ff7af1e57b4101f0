"""What the protocol's users ask of the result of textDocument/copilotInlineEdit, checked on plain JSON.

Pure functions from a result and what was asked to sentences about its faults. Knows no server and no connection.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.fakes.item_rules import special_tokens
from tests.fakes.mirror import clamp, is_inside, line_ends_of, replaced

_SURROGATE = re.compile("[\ud800-\udfff]")
_FIELDS = {"text", "textDocument", "range", "command"}
MAX_CHARS = 8_000


@dataclass(frozen=True)
class AskedEdit:
    """What a client asked about: its document, the version that it named, and the text of it then."""

    uri: str
    version: int | None
    text: str
    others: bool = False
    """Whether an edit may be in another document."""
    in_full: bool = False
    """Whether more than the edits was asked for, as mellum/nextEdit gives it."""


def edit_faults(result: object, asked: AskedEdit) -> list[str]:
    """What is wrong with a whole result; empty when nothing is."""
    if not isinstance(result, dict):
        return [f"the result is {type(result).__name__}, not an object"]
    edits = result.get("edits")
    if not isinstance(edits, list):
        return ["edits is not a list"]
    faults = [f"the result has the unknown field {name}" for name in result if name not in _names(asked)]
    if asked.in_full and bool(edits) == bool(result.get("silence")):
        faults.append("there is an edit and a reason for silence, or neither")
    if len(edits) > 1:
        # Some clients make all of them at once.
        faults.append(f"there are {len(edits)} edits")
    for edit in edits:
        faults += _edit_faults(edit, asked)
    return faults


def _names(asked: AskedEdit) -> set[str]:
    return {"edits", "kind", "reason", "silence"} if asked.in_full else {"edits"}


def _edit_faults(edit: object, asked: AskedEdit) -> Iterator[str]:
    if not isinstance(edit, dict) or edit.keys() != _FIELDS:
        yield "an edit has not exactly text, textDocument, range and command"
        return
    yield from _command_faults(edit["command"])
    document = edit["textDocument"]
    if not isinstance(document, dict) or document.keys() != {"uri", "version"}:
        yield "textDocument has not exactly uri and version"
        return
    if document["uri"] != asked.uri:
        if not asked.others:
            yield "the edit is in another document"
        return
    if asked.version is not None and document["version"] != asked.version:
        yield "the version is not that of the request"
    yield from _text_faults(edit["text"], edit["range"], asked)


def _command_faults(command: object) -> Iterator[str]:
    if not isinstance(command, dict) or not all(
        isinstance(command.get(name), str) and command[name] for name in ("title", "command")
    ):
        yield "the command has no title or no name"
        return
    arguments = command.get("arguments")
    if not isinstance(arguments, list) or not arguments or not isinstance(arguments[0], str):
        yield "the command's arguments do not begin with an id"


def _text_faults(text: object, span: Any, asked: AskedEdit) -> Iterator[str]:
    if not isinstance(text, str) or _SURROGATE.search(text) or len(text) > MAX_CHARS:
        yield "the text is none, too long or holds half a character"
        return
    leaked = [token for token in special_tokens() if token in text and token not in asked.text]
    yield from (f"the text holds the special token {token}" for token in leaked)
    allowed = line_ends_of(asked.text) or {"\n"}
    yield from (f"the text holds the line end {end!r}" for end in sorted(line_ends_of(text) - allowed))
    if not isinstance(span, dict) or not all(_is_place(span.get(name)) for name in ("start", "end")):
        yield "there is no range, or not a whole one"
        return
    if not is_inside(asked.text, span["start"]) or not is_inside(asked.text, span["end"]):
        yield "the range is not inside the document, in UTF-16 units"
        return
    start, end = clamp(asked.text, span["start"]), clamp(asked.text, span["end"])
    if (start.line, start.character) > (end.line, end.character):
        yield "the range ends before it starts"
    elif "".join(replaced(asked.text, start, end, text).split()) == "".join(asked.text.split()):
        yield "the edit changes nothing that can be seen"


def _is_place(place: object) -> bool:
    return isinstance(place, dict) and type(place.get("line")) is int and type(place.get("character")) is int
