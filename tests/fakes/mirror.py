"""What a client believes its documents hold, kept as whole strings and counted in UTF-16, apart from the server's code.

Knows how the protocol counts and nothing of how the server does; slow and plain on purpose.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

_LINE_END = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True)
class Spot:
    """A place inside a document: line, and column in UTF-16 units, never inside a surrogate pair."""

    line: int
    character: int


def units(text: str) -> bytes:
    """`text` as UTF-16 code units, two bytes each; a lone surrogate is a unit like any other."""
    return text.encode("utf-16-le", "surrogatepass")


def lines_of(text: str) -> list[str]:
    """The lines without their ends; a text that ends with a line end has an empty last line."""
    return _LINE_END.split(text)


def line_ends_of(text: str) -> set[str]:
    """Every kind of line end in `text`."""
    return set(_LINE_END.findall(text))


def clamp(text: str, position: dict[str, int]) -> Spot:
    """`position` moved into `text`: to the end of a line that is too short, to the last line, out of a pair."""
    lines = lines_of(text)
    line, character = position["line"], position["character"]
    if line < 0:
        return Spot(0, 0)
    if line >= len(lines):
        return Spot(len(lines) - 1, len(units(lines[-1])) // 2)
    return Spot(line, _out_of_pair(lines[line], min(max(character, 0), len(units(lines[line])) // 2)))


def is_inside(text: str, position: dict[str, int]) -> bool:
    """Whether `position` lies in `text` and between two characters."""
    return clamp(text, position) == Spot(position["line"], position["character"])


def cut(line: str, start: int, end: int) -> str:
    """The columns start..end of a line."""
    return units(line)[2 * start : 2 * end].decode("utf-16-le", "surrogatepass")


def replaced(text: str, start: Spot, end: Spot, new: str) -> str:
    """`text` with `new` in place of start..end; an end before its start is the start."""
    first, last = _index(text, start), _index(text, end)
    return text[:first] + new + text[max(first, last) :]


class Mirror:
    """The open documents of one client, by URI. Follows the notifications that it is shown; others are ignored."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._cells: dict[str, list[str]] = {}
        """The documents of the cells of each open notebook."""

    @property
    def uris(self) -> tuple[str, ...]:
        """The open documents."""
        return tuple(self._texts)

    def text(self, uri: object) -> str | None:
        """The document's text; None when it is not open."""
        return self._texts.get(uri) if isinstance(uri, str) else None

    def follow(self, method: str, params: Any) -> None:
        """Take in what the client has sent; params that no server could read change nothing."""
        try:
            if method == "textDocument/didOpen":
                self._open(params["textDocument"])
            elif method == "textDocument/didChange":
                self._change(params)
            elif method == "textDocument/didClose" and isinstance(params["textDocument"]["uri"], str):
                self._texts.pop(params["textDocument"]["uri"], None)
            elif method.startswith("notebookDocument/"):
                self._notebook(method, params)
        except (KeyError, TypeError, AttributeError):
            return

    def _notebook(self, method: str, params: Any) -> None:
        uri = params["notebookDocument"]["uri"]
        if method == "notebookDocument/didOpen":
            for document in params["cellTextDocuments"]:
                self._open(document)
            self._cells[uri] = [cell["document"] for cell in params["notebookDocument"]["cells"]]
        elif method == "notebookDocument/didChange":
            for text in params["change"]["cells"]["textContent"]:
                self._change({"textDocument": text["document"], "contentChanges": text["changes"]})
        elif method == "notebookDocument/didClose":
            for closed in [*(document["uri"] for document in params["cellTextDocuments"]), *self._cells.pop(uri, ())]:
                self._texts.pop(closed, None)

    def _open(self, document: Any) -> None:
        whole = all(isinstance(document[name], str) for name in ("uri", "text"))
        language, version = document.get("languageId"), document.get("version")
        if whole and (language is None or isinstance(language, str)) and (version is None or type(version) is int):
            self._texts[document["uri"]] = document["text"]

    def _change(self, params: Any) -> None:
        uri, version = params["textDocument"]["uri"], params["textDocument"].get("version")
        if uri not in self._texts or not (version is None or type(version) is int):
            return
        text = self._texts[uri]
        for change in params["contentChanges"]:
            text = changed(text, change)
        self._texts[uri] = text


def changed(text: str, change: Any) -> str:
    """`text` after one content change. Raises KeyError or TypeError for one that cannot be read."""
    new = change["text"]
    span = change.get("range")
    if not isinstance(new, str):
        raise TypeError("text")
    if span is None:
        return new
    for place in (span["start"], span["end"]):
        if type(place["line"]) is not int or type(place["character"]) is not int:
            raise TypeError("position")
    return replaced(text, clamp(text, span["start"]), clamp(text, span["end"]), new)


def _out_of_pair(line: str, character: int) -> int:
    code = units(line)
    if 0 < character < len(code) // 2:
        before = int.from_bytes(code[2 * character - 2 : 2 * character], "little")
        behind = int.from_bytes(code[2 * character : 2 * character + 2], "little")
        if 0xD800 <= before < 0xDC00 <= behind < 0xE000:
            return character - 1
    return character


def _index(text: str, spot: Spot) -> int:
    starts = [0, *(match.end() for match in _LINE_END.finditer(text))]
    index, passed = starts[spot.line], 0
    while passed < spot.character:
        passed += 2 if text[index] > "\uffff" else 1
        index += 1
    return index
