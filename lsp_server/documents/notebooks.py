"""Notebooks as the order of their cells: what a code cell has before and behind it.

The texts of the cells are documents like any other; knows only which of them make a notebook.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from mellum_ls.lsp_server.documents.lines import Lines
from mellum_ls.lsp_server.documents.store import DocumentStore

_BLANK = Lines(["\n"])
_END_AND_BLANK = Lines(["\n", "\n"])


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell; `uri` is that of its text."""

    uri: str
    is_code: bool


@dataclass(slots=True)
class Notebook:
    """One open notebook. Around a code cell stand the other code cells of its language, with a blank line between.

    Nothing stands around cells of prose, and they stand around none.
    """

    uri: str
    cells: list[Cell]
    _documents: DocumentStore

    def around(self, uri: str) -> tuple[Lines, Lines]:
        """What stands before and behind the cell `uri`; see `earlier` and `later` of Snapshot."""
        own = self._documents.get(uri)
        number = next((number for number, cell in enumerate(self.cells) if cell.uri == uri and cell.is_code), None)
        if own is None or number is None:
            return Lines(), Lines()
        before = self._texts(self.cells[:number], own.language_id)
        behind = self._texts(self.cells[number + 1 :], own.language_id)
        earlier = Lines.joined([part for text in before for part in (text, _apart(text))])
        later = Lines.joined([part for last, text in pairwise([own.lines, *behind]) for part in (_apart(last), text)])
        return earlier, later

    def _texts(self, cells: Sequence[Cell], language_id: str) -> list[Lines]:
        """The texts of the code cells of that language among `cells`, empty ones left out."""
        opened = [self._documents.get(cell.uri) for cell in cells if cell.is_code]
        return [
            document.lines
            for document in opened
            if document is not None and document.language_id == language_id and document.lines.chars
        ]


def _apart(text: Lines) -> Lines:
    """What ends the last line of `text`, if it has one, and makes a blank line."""
    return _END_AND_BLANK if text[-1] else _BLANK


class Notebooks:
    """The open notebooks by URI."""

    def __init__(self, documents: DocumentStore) -> None:
        self._documents = documents
        self._notebooks: dict[str, Notebook] = {}

    def __len__(self) -> int:
        return len(self._notebooks)

    def open(self, uri: str, cells: Sequence[Cell]) -> None:
        """Take a notebook in, the texts of whose cells are open; one that is open already is replaced."""
        self._notebooks[uri] = Notebook(uri, list(cells), self._documents)
        self._adopt(uri)

    def splice(self, uri: str, start: int, delete_count: int, cells: Sequence[Cell]) -> None:
        """Put `cells` in the place of so many; a notebook that is not open, or a place outside it, is no fault."""
        if (notebook := self._notebooks.get(uri)) is not None:
            start = min(max(start, 0), len(notebook.cells))
            notebook.cells[start : start + max(delete_count, 0)] = cells
            self._adopt(uri)

    def update(self, uri: str, cells: Sequence[Cell]) -> None:
        """Cells of the notebook have become of another kind."""
        if (notebook := self._notebooks.get(uri)) is not None:
            kinds = {cell.uri: cell for cell in cells}
            notebook.cells[:] = [kinds.get(cell.uri, cell) for cell in notebook.cells]

    def close(self, uri: str) -> None:
        """Forget a notebook; the texts of its cells are closed by who closes it."""
        notebook = self._notebooks.pop(uri, None)
        for document in self._documents:
            if document.whole is not None and document.whole is notebook:
                document.whole = None

    def cells(self, uri: str) -> tuple[Cell, ...]:
        """The cells of an open notebook in their order; none of one that is not open."""
        notebook = self._notebooks.get(uri)
        return () if notebook is None else tuple(notebook.cells)

    def of(self, uri: str) -> str:
        """URI of the notebook whose cell the document `uri` is; empty for other documents."""
        document = self._documents.get(uri)
        return document.whole.uri if document is not None and isinstance(document.whole, Notebook) else ""

    def _adopt(self, uri: str) -> None:
        """Tell the texts of all cells what they are a part of."""
        notebook = self._notebooks[uri]
        for cell in notebook.cells:
            if (document := self._documents.get(cell.uri)) is not None:
                document.whole = notebook
