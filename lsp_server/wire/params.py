"""A client's JSON params to frozen dataclasses, field by field: what this server reads, no more.

Lenient where clients differ (extra fields, draft trigger kinds, null for absent), strict where a guess would be
wrong. Errors name the field and never quote a value, which may be source code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from mellum_ls.lsp_server.answers.completer import Selected
from mellum_ls.lsp_server.documents.notebooks import Cell
from mellum_ls.lsp_server.documents.store import Edit, Place
from mellum_ls.lsp_server.wire.clients import Client

Json = Mapping[str, object]
# By these initializationOptions Copilot's clients introduce themselves.
_COPILOT_OPTIONS = ("editorInfo", "editorPluginInfo")
T = TypeVar("T")
# The kind of a notebook's cell that holds code; the other one is prose.
_CODE = 2


class ParamsError(Exception):
    """Params that do not fit their method; the message names the field."""


@dataclass(frozen=True, slots=True)
class Opened:
    """didOpen."""

    uri: str
    language_id: str
    version: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Changed:
    """didChange."""

    uri: str
    version: int | None
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class InlineCompletionRequest:
    """textDocument/inlineCompletion, with the fields that Copilot's clients and this server's own add."""

    uri: str
    place: Place
    version: int | None = None
    """The client's version of the document when it asked, where it says so."""
    invoked: bool = False
    """Asked for by the user, not by typing. The first draft's 0 counts as invoked."""
    selected: Selected | None = None
    tab_size: int | None = None
    insert_spaces: bool | None = None
    partial_result_token: int | str | None = None


@dataclass(frozen=True, slots=True)
class CursorMove:
    """mellum/didMoveCursor, a notification of this server's own: `{textDocument: {uri}, range}`."""

    uri: str
    start: Place
    """Where the cursor is, or where the selection starts."""
    end: Place
    """Where the selection ends; the start where nothing is selected."""


@dataclass(frozen=True, slots=True)
class InitializeRequest:
    """initialize."""

    process_id: int | None
    roots: tuple[str, ...]
    options: object
    pulls_configuration: bool
    client: Client
    trace: str = "off"
    """off, messages or verbose."""


@dataclass(frozen=True, slots=True)
class Command:
    """workspace/executeCommand."""

    name: str
    arguments: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class PartialAcceptance:
    """textDocument/didPartiallyAcceptCompletion, a notification of Copilot's clients."""

    offer_id: str
    length: int
    """UTF-16 units from the start of the item's insertText."""


@dataclass(frozen=True, slots=True)
class FoldersChange:
    """workspace/didChangeWorkspaceFolders."""

    added: tuple[str, ...]
    removed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NotebookOpened:
    """notebookDocument/didOpen."""

    uri: str
    cells: tuple[Cell, ...]
    texts: tuple[Opened, ...]


@dataclass(frozen=True, slots=True)
class Splice:
    """A notebook's cells from `start` on: so many deleted, and others put there."""

    start: int
    delete_count: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class NotebookChanged:
    """notebookDocument/didChange: any part may be missing."""

    uri: str
    splice: Splice | None
    opened: tuple[Opened, ...]
    closed: tuple[str, ...]
    cells: tuple[Cell, ...]
    """Cells whose kind or data have changed."""
    texts: tuple[Changed, ...]


@dataclass(frozen=True, slots=True)
class NotebookClosed:
    """notebookDocument/didClose, with the texts of its cells."""

    uri: str
    texts: tuple[str, ...]


def opened(raw: Json) -> Opened:
    """Params of didOpen. Raises ParamsError."""
    return _opened(_object(raw, "textDocument"))


def _opened(document: Json) -> Opened:
    language = _optional(document, "languageId", str) or ""
    return Opened(_text(document, "uri"), language, _optional(document, "version", int), _text(document, "text"))


def changed(raw: Json) -> Changed:
    """Params of didChange. Raises ParamsError; a half-readable list of changes is refused whole."""
    document = _object(raw, "textDocument")
    edits = tuple(_edit(item) for item in _list(raw, "contentChanges"))
    return Changed(_text(document, "uri"), _optional(document, "version", int), edits)


def closed(raw: Json) -> str:
    """The URI of didClose. Raises ParamsError."""
    return _text(_object(raw, "textDocument"), "uri")


def inline_completion(raw: Json) -> InlineCompletionRequest:
    """Params of inlineCompletion; only document and position must be there. Raises ParamsError."""
    document = _object(raw, "textDocument")
    context = _optional_object(raw, "context")
    options = _optional_object(raw, "formattingOptions")
    token = raw.get("partialResultToken")
    return InlineCompletionRequest(
        uri=_text(document, "uri"),
        place=_place(raw, "position"),
        version=_optional(document, "version", int),
        invoked=context.get("triggerKind") in (0, 1),
        selected=_selected(_optional_object(context, "selectedCompletionInfo")),
        tab_size=_optional(options, "tabSize", int),
        insert_spaces=_optional(options, "insertSpaces", bool),
        partial_result_token=token if isinstance(token, str) or type(token) is int else None,
    )


def cursor_move(raw: Json) -> CursorMove:
    """Params of didMoveCursor; `range` is the selection, empty for a cursor alone. Raises ParamsError."""
    uri, span = _text(_object(raw, "textDocument"), "uri"), _object(raw, "range")
    return CursorMove(uri, _place(span, "start"), _place(span, "end"))


def initialize(raw: Json) -> InitializeRequest:
    """Params of initialize. Nothing in them is needed, so nothing in them is an error."""
    capabilities = _lenient_object(raw, "capabilities")
    options = raw.get("initializationOptions")
    process = raw.get("processId")
    root = raw.get("rootUri")
    folders = _folders(raw.get("workspaceFolders")) or ((root,) if isinstance(root, str) else ())
    return InitializeRequest(
        process_id=process if type(process) is int else None,
        roots=folders,
        options=options,
        pulls_configuration=_lenient_object(capabilities, "workspace").get("configuration") is True,
        client=Client(
            name=name if isinstance(name := _lenient_object(raw, "clientInfo").get("name"), str) else "",
            speaks_copilot=isinstance(options, dict) and not options.keys().isdisjoint(_COPILOT_OPTIONS),
            shows_progress=_lenient_object(capabilities, "window").get("workDoneProgress") is True,
        ),
        trace=_trace(raw.get("trace")),
    )


def trace(raw: Json) -> str:
    """The value of $/setTrace: off, messages or verbose; anything else is off."""
    return _trace(raw.get("value"))


def files_renamed(raw: Json) -> tuple[tuple[str, str], ...]:
    """Old and new URI of each file or folder of didRenameFiles. Raises ParamsError."""
    return tuple((_text(file, "oldUri"), _text(file, "newUri")) for file in _objects(raw, "files"))


def files_deleted(raw: Json) -> tuple[str, ...]:
    """The URIs of didDeleteFiles. Raises ParamsError."""
    return tuple(_text(file, "uri") for file in _objects(raw, "files"))


def notebook_opened(raw: Json) -> NotebookOpened:
    """Params of notebookDocument/didOpen. Raises ParamsError."""
    notebook = _object(raw, "notebookDocument")
    texts = tuple(map(_opened, _objects(raw, "cellTextDocuments")))
    return NotebookOpened(_text(notebook, "uri"), _cells(notebook, "cells"), texts)


def notebook_changed(raw: Json) -> NotebookChanged:
    """Params of notebookDocument/didChange. Raises ParamsError; a half-readable change is refused whole."""
    uri = _text(_object(raw, "notebookDocument"), "uri")
    cells = _optional_object(_object(raw, "change"), "cells")
    structure = _optional_object(cells, "structure")
    array = _optional_object(structure, "array")
    return NotebookChanged(
        uri=uri,
        splice=Splice(_typed(array, "start", int), _typed(array, "deleteCount", int), _cells(array, "cells"))
        if array
        else None,
        opened=tuple(map(_opened, _objects(structure, "didOpen"))),
        closed=tuple(_text(document, "uri") for document in _objects(structure, "didClose")),
        cells=_cells(cells, "data"),
        texts=tuple(
            Changed(
                _text(_object(text, "document"), "uri"),
                _optional(_object(text, "document"), "version", int),
                tuple(map(_edit, _list(text, "changes"))),
            )
            for text in _objects(cells, "textContent")
        ),
    )


def notebook_closed(raw: Json) -> NotebookClosed:
    """Params of notebookDocument/didClose. Raises ParamsError."""
    texts = tuple(_text(document, "uri") for document in _objects(raw, "cellTextDocuments"))
    return NotebookClosed(_text(_object(raw, "notebookDocument"), "uri"), texts)


def _cells(raw: Json, name: str) -> tuple[Cell, ...]:
    return tuple(Cell(_text(cell, "document"), cell.get("kind") == _CODE) for cell in _objects(raw, name))


def _trace(value: object) -> str:
    return value if isinstance(value, str) and value in ("messages", "verbose") else "off"


def command(raw: Json) -> Command:
    """Params of executeCommand. Raises ParamsError."""
    return Command(_text(raw, "command"), tuple(_optional(raw, "arguments", list) or ()))


def offer_id(arguments: Sequence[object]) -> str:
    """The id that an item's command carries as its first argument. Raises ParamsError."""
    if not arguments or not isinstance(arguments[0], str):
        raise ParamsError("arguments should begin with the id of a suggestion")
    return arguments[0]


def shown_item(raw: Json) -> str:
    """The id of the item of didShowCompletion; of the item only its command is read. Raises ParamsError."""
    return offer_id(_list(_object(_object(raw, "item"), "command"), "arguments"))


def partial_acceptance(raw: Json) -> PartialAcceptance:
    """Params of didPartiallyAcceptCompletion; of the item only its command is read. Raises ParamsError."""
    return PartialAcceptance(shown_item(raw), _typed(raw, "acceptedLength", int))


def focused(raw: Json) -> str:
    """The URI of didFocus; empty when no document has the focus. Raises ParamsError."""
    document = _optional_object(raw, "textDocument")
    return _text(document, "uri") if document else ""


def folders_change(raw: Json) -> FoldersChange:
    """Params of didChangeWorkspaceFolders. Raises ParamsError."""
    event = _object(raw, "event")
    return FoldersChange(_folders(event.get("added")), _folders(event.get("removed")))


def _folders(raw: object) -> tuple[str, ...]:
    if not isinstance(raw, list):
        return ()
    uris = (folder.get("uri") for folder in raw if isinstance(folder, dict))
    return tuple(uri for uri in uris if isinstance(uri, str))


def _edit(raw: object) -> Edit:
    if not isinstance(raw, dict):
        raise ParamsError("contentChanges should hold objects")
    text = _text(raw, "text")
    if raw.get("range") is None:
        return Edit(text)
    span = _object(raw, "range")
    return Edit(text, _place(span, "start"), _place(span, "end"))


def _selected(raw: Json) -> Selected | None:
    if not raw:
        return None
    span = _object(raw, "range")
    return Selected(_text(raw, "text"), _place(span, "start"), _place(span, "end"))


def _place(raw: Json, name: str) -> Place:
    place = _object(raw, name)
    return Place(_typed(place, "line", int), _typed(place, "character", int))


def _object(raw: Json, name: str) -> Json:
    return _typed(raw, name, dict)


def _optional_object(raw: Json, name: str) -> Json:
    return _optional(raw, name, dict) or {}


def _lenient_object(raw: Json, name: str) -> Json:
    value = raw.get(name)
    return value if isinstance(value, dict) else {}


def _objects(raw: Json, name: str) -> list[Json]:
    """The objects of a list that may be missing."""
    items = _optional(raw, name, list) or []
    for item in items:
        if not isinstance(item, dict):
            raise ParamsError(f"{name} should hold objects")
    return items


def _list(raw: Json, name: str) -> list[object]:
    return _typed(raw, name, list)


def _text(raw: Json, name: str) -> str:
    return _typed(raw, name, str)


def _optional(raw: Json, name: str, kind: type[T]) -> T | None:
    return None if raw.get(name) is None else _typed(raw, name, kind)


def _typed(raw: Json, name: str, kind: type[T]) -> T:
    value = raw.get(name)
    # type(), not isinstance(): True is an int to isinstance.
    if type(value) is not kind:
        found = type(value).__name__ if name in raw else "nothing"
        raise ParamsError(f"{name} should be of type {kind.__name__}, found {found}")
    return value
