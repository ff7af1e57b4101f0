"""What the protocol and the editors ask of the result of textDocument/inlineCompletion, checked on plain JSON.

Pure functions from a result and what was asked to sentences about its faults. Knows no server and no connection.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from mellum_ls.runtime.environment import model_directory
from tests.fakes.mirror import Spot, clamp, cut, is_inside, line_ends_of, lines_of

MAX_CHARS, MAX_LINES = 8_000, 1_000
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Asked:
    """What a client asked for: the text of its document then, the position, and the chosen entry of its menu."""

    text: str
    position: dict[str, int]
    selected: dict[str, Any] | None = None

    @property
    def chosen(self) -> str:
        """The chosen entry, where the rule for it holds: its range is on the cursor's line and around the cursor."""
        spots = self.chosen_range
        return self.selected["text"] if spots and self.selected else ""

    @property
    def chosen_range(self) -> tuple[Spot, Spot] | None:
        """The range of the chosen entry, clamped; None where the rule for it does not hold."""
        if self.selected is None or not self.selected["text"]:
            return None
        span, cursor = self.selected["range"], clamp(self.text, self.position)
        if not span["start"]["line"] == span["end"]["line"] == cursor.line:
            return None
        start, end = clamp(self.text, span["start"]), clamp(self.text, span["end"])
        return (start, end) if start.character <= cursor.character <= end.character else None


@cache
def special_tokens() -> tuple[str, ...]:
    """The special tokens of the shipped tokenizer, as the tokenizer itself lists them."""
    raw = json.loads((model_directory(None) / "tokenizer.json").read_text(encoding="utf-8"))
    return tuple(token["content"] for token in raw["added_tokens"] if token["special"])


def result_faults(result: object, asked: Asked) -> list[str]:
    """What is wrong with a whole result; empty when nothing is."""
    if not isinstance(result, dict):
        return [f"the result is {type(result).__name__}, not an object"]
    items = result.get("items")
    if not isinstance(items, list):
        return ["items is not a list"]
    faults = [f"the result has the unknown field {name}" for name in result if name != "items"]
    for number, item in enumerate(items):
        faults += [f"item {number}: {fault}" for fault in _item_faults(item, asked)]
    return faults


def _item_faults(item: object, asked: Asked) -> Iterator[str]:
    if not isinstance(item, dict):
        yield "it is not an object"
        return
    yield from (f"unknown field {name}" for name in sorted(item.keys() - _FIELDS))
    text = item.get("insertText")
    if not isinstance(text, str) or not text:
        yield "insertText is not a text with something in it"
        return
    yield from _text_faults(text, asked)
    yield from _command_faults(item.get("command"), "command" in item)
    shown = item.get("filterText", text)
    if not isinstance(shown, str):
        yield "filterText is not a text"
        return
    span = item.get("range")
    if not _is_range(span):
        yield "there is no range, or not a whole one"
        return
    yield from _range_faults(span, shown or text, asked)
    yield from _chosen_faults(span, text, asked)


_FIELDS = {"insertText", "filterText", "range", "command"}


def _text_faults(text: str, asked: Asked) -> Iterator[str]:
    # What the client itself has chosen in its menu stands as it is.
    own = text.removeprefix(asked.chosen)
    if _SURROGATE.search(own):
        yield "insertText holds half a character"
    # A user who writes about such tokens may be helped with it: then they stand in the document as well.
    leaked = [token for token in special_tokens() if token in own and token not in asked.text]
    yield from (f"insertText holds the special token {token}" for token in leaked)
    if len(own) > MAX_CHARS or len(lines_of(own)) > MAX_LINES:
        yield "insertText is too long"
    if not own.strip():
        yield "insertText adds nothing to be seen"
    allowed = line_ends_of(asked.text) or {"\n"}
    yield from (f"insertText holds the line end {end!r}" for end in sorted(line_ends_of(own) - allowed))


def _command_faults(command: object, present: bool) -> Iterator[str]:
    if not present:
        return
    if not isinstance(command, dict):
        yield "command is not an object"
        return
    yield from (
        f"command.{name} is not a text with something in it"
        for name in ("title", "command")
        if not isinstance(command.get(name), str) or not command[name]
    )
    if not isinstance(command.get("arguments", []), list):
        yield "command.arguments is not a list"


def _range_faults(span: Any, shown: str, asked: Asked) -> Iterator[str]:
    start, end, cursor = span["start"], span["end"], clamp(asked.text, asked.position)
    if start["line"] != end["line"]:
        yield "the range is not on one line"
        return
    if not is_inside(asked.text, start) or not is_inside(asked.text, end):
        yield "the range is not inside the document, in UTF-16 units"
        return
    if start["line"] != cursor.line or not start["character"] <= cursor.character <= end["character"]:
        yield "the range does not contain the position"
        return
    typed = cut(lines_of(asked.text)[cursor.line], start["character"], cursor.character)
    # An entry may be chosen by other letters than its first ones; then the client compares with the entry.
    if not asked.chosen and not shown.startswith(typed):
        yield "what is replaced before the cursor does not begin the text that is shown"


def _chosen_faults(span: Any, text: str, asked: Asked) -> Iterator[str]:
    spots = asked.chosen_range
    if spots is None:
        return
    if [Spot(place["line"], place["character"]) for place in (span["start"], span["end"])] != list(spots):
        yield "the range is not that of the chosen entry"
    if not text.startswith(asked.chosen) or text == asked.chosen:
        yield "insertText does not extend the chosen entry"


def _is_range(span: object) -> bool:
    if not isinstance(span, dict):
        return False
    places = [span.get("start"), span.get("end")]
    return all(
        isinstance(place, dict) and type(place.get("line")) is int and type(place.get("character")) is int
        for place in places
    )
