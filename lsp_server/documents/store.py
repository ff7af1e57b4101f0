"""The open documents as lines, kept in step with the client's incremental edits.

A line ends at \\n, \\r\\n or \\r and nowhere else, as the protocol says. Knows nothing of files, models or settings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from mellum_ls.lsp_server.documents import positions
from mellum_ls.lsp_server.documents.edit_history import Replaced
from mellum_ls.lsp_server.documents.lines import Lines

_LINE_END = re.compile(r"\r\n|\n|\r")


def split_lines(text: str) -> list[str]:
    """`text` cut after each line end; ends are kept, the last line has none, so the list is never empty."""
    if "\r" not in text:
        parts = text.split("\n")
        last = parts.pop()
        return [*[f"{part}\n" for part in parts], last]
    lines = []
    start = 0
    for match in _LINE_END.finditer(text):
        lines.append(text[start : match.end()])
        start = match.end()
    lines.append(text[start:])
    return lines


def bare(line: str) -> str:
    """`line` without its line end."""
    if line.endswith("\n"):
        line = line[:-1]
        return line[:-1] if line.endswith("\r") else line
    return line[:-1] if line.endswith("\r") else line


def is_at_or_below(uri: str, top: str) -> bool:
    """Whether `uri` is that of the file or folder `top`, or of something in that folder."""
    return uri.rstrip("/") == top.rstrip("/") or uri.startswith(top.rstrip("/") + "/")


@dataclass(frozen=True, slots=True)
class Place:
    """A position as the client counts: zero-based line and UTF-16 column. May lie outside the document."""

    line: int
    character: int


@dataclass(frozen=True, slots=True)
class Edit:
    """One content change: `text` replaces start..end, or the whole document when there is no range."""

    text: str
    start: Place | None = None
    end: Place | None = None


_NONE = Lines()
_EMPTY = Lines([""])


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a completion sees: the document as it was when the request came.

    Nothing in it changes afterwards.
    """

    uri: str
    language_id: str
    revision: int
    """Counts the edits that the server has seen; unlike the client's version it is always there and always
    grows.
    """
    lines: Lines
    """Lines with their ends."""
    line: int
    """Line of the cursor, inside the document."""
    column: int
    """String index of the cursor in its line, inside the line."""
    earlier: Lines = _NONE
    """What stands before the document where it is a part of something, such as a cell of a notebook: whole lines."""
    later: Lines = _NONE
    """What stands behind it, beginning with the line end that its last line lacks."""

    @property
    def above(self) -> Lines:
        """All lines before the cursor's, those of `earlier` included."""
        return self.earlier + self.lines[: self.line]

    @property
    def below(self) -> Lines:
        """All lines behind the cursor's, those of `later` included."""
        return self.lines[self.line + 1 :] + self.later

    @property
    def current(self) -> str:
        """The cursor's line without its line end."""
        return bare(self.lines[self.line])

    @property
    def before(self) -> str:
        """The cursor's line up to the cursor."""
        return self.current[: self.column]

    @property
    def after(self) -> str:
        """The cursor's line from the cursor on, without its line end."""
        return self.current[self.column :]

    @property
    def line_end(self) -> str:
        """The line end that the document uses, judged by its first line; \\n for a document of one line."""
        first = self.lines[0]
        return first[len(bare(first)) :] or "\n"


class Whole(Protocol):
    """What documents can be parts of."""

    def around(self, uri: str) -> tuple[Lines, Lines]:
        """What stands before and behind the part `uri`; see `earlier` and `later` of Snapshot."""


@dataclass(slots=True)
class Document:
    """One open document. Its text is always the concatenation of its lines."""

    uri: str
    language_id: str
    version: int | None
    lines: Lines = _EMPTY
    revision: int = 0
    whole: Whole | None = None
    """What the document is a part of, if anything."""

    def __post_init__(self) -> None:
        if not isinstance(self.lines, Lines):
            self.lines = Lines(self.lines)

    @property
    def text(self) -> str:
        """The whole text."""
        return "".join(self.lines)

    def locate(self, place: Place) -> tuple[int, int]:
        """Line and string index of `place`, clamped into the document; never inside a line end or a surrogate pair."""
        if place.line < 0:
            return 0, 0
        if place.line >= len(self.lines):
            return len(self.lines) - 1, len(self.lines[-1])
        return place.line, positions.index_of(bare(self.lines[place.line]), place.character)

    def apply(self, edit: Edit) -> Replaced:
        """Apply one change. A range that ends before it starts is read as the empty range at its start."""
        self.revision += 1
        if edit.start is None or edit.end is None:
            replaced = Replaced(0, 0, self.text, edit.text)
            self.lines = Lines(split_lines(edit.text))
            return replaced
        first, start = self.locate(edit.start)
        last, end = max((first, start), self.locate(edit.end))
        touched = "".join(self.lines[first : last + 1])
        removed = touched[start : len(touched) - len(self.lines[last]) + end]
        replaced = Replaced(first, start, removed, edit.text)
        if first and not start and self.lines[first - 1].endswith("\r"):
            # A \n that comes to stand behind a \r joins it to one line end.
            first -= 1
            start = len(self.lines[first])
        middle = self.lines[first][:start] + edit.text + self.lines[last][end:]
        lines = split_lines(middle)
        if last + 1 < len(self.lines):
            lines.pop()  # `middle` ends with a line end, and the line behind that is there already
        self.lines = self.lines.replaced(first, last + 1, lines)
        return replaced

    def snapshot(self, place: Place, end: Place | None = None, text: str = "") -> Snapshot:
        """The document as it is now, seen from `place`; with an `end`, with `text` instead of place..end and seen from
        behind that text.
        """
        document = self
        line, column = self.locate(place)
        if end is not None and (text or end != place):
            document = replace(self)
            document.apply(Edit(text, place, end))
            lines = split_lines(text)
            line, column = line + len(lines) - 1, len(lines[-1]) + (column if len(lines) == 1 else 0)
        earlier, later = (_NONE, _NONE) if self.whole is None else self.whole.around(self.uri)
        return Snapshot(self.uri, self.language_id, self.revision, document.lines, line, column, earlier, later)


class DocumentStore:
    """The open documents by URI. Closing forgets everything about a document."""

    def __init__(self) -> None:
        self._documents: dict[str, Document] = {}
        self._moved: dict[str, str] = {}
        """Old URIs of open documents by the URIs that they are to be opened under."""
        self._revision = 0

    def __len__(self) -> int:
        return len(self._documents)

    def __iter__(self) -> Iterator[Document]:
        return iter(self._documents.values())

    def open(self, uri: str, language_id: str, version: int | None, text: str) -> Document:
        """Take a document in; one that is open already is replaced."""
        # A document opened again must not repeat revisions of its earlier life.
        previous = self._documents.get(uri)
        revision = previous.revision + 1 if previous else self._revision
        whole = previous.whole if previous else None
        document = Document(uri, language_id, version, Lines(split_lines(text)), revision, whole)
        self._documents[uri] = document
        if (old := self._moved.pop(uri, None)) is not None:
            self.close(old)
        return document

    def change(self, uri: str, version: int | None, edits: Sequence[Edit]) -> tuple[Replaced, ...] | None:
        """Apply `edits` in order; what each replaced. None, and nothing done, when the document is not open."""
        document = self._documents.get(uri)
        if document is None:
            return None
        change = tuple(document.apply(edit) for edit in edits)
        document.version = version
        return change

    def close(self, uri: str) -> None:
        """Forget a document; one that is not open is no fault."""
        document = self._documents.pop(uri, None)
        if document is not None:
            self._revision = max(self._revision, document.revision + 1)
        self._moved = {new: old for new, old in self._moved.items() if old != uri}

    def moved(self, old: str, new: str) -> list[str]:
        """The file or folder `old` is called `new` now; the URIs of the open documents that this concerns.

        A client closes such a document and opens it under its new name, in any order with this. Until it does, its
        edits still come under the old one; once it is open under the new one, the old is forgotten even if the client
        forgets to close it.
        """
        concerned = [uri for uri in self._documents if is_at_or_below(uri, old)]
        for uri in concerned:
            target = new.rstrip("/") + uri[len(old.rstrip("/")) :]
            if target in self._documents:
                self.close(uri)
            else:
                self._moved[target] = uri
        return concerned

    def get(self, uri: str) -> Document | None:
        """The open document of that URI."""
        return self._documents.get(uri)
