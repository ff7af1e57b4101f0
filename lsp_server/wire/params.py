"""A client's JSON params to frozen dataclasses, field by field: what this server reads, no more.

Lenient where clients differ (extra fields, draft trigger kinds, null for absent), strict where a guess would be
wrong. Errors name the field and never quote a value, which may be source code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mellum_ls.lsp_server.answers.completer import Selected
from mellum_ls.lsp_server.documents.notebooks import Cell
from mellum_ls.lsp_server.documents.store import Edit, Place
from mellum_ls.lsp_server.wire import json_fields
from mellum_ls.lsp_server.wire.abilities import abilities
from mellum_ls.lsp_server.wire.clients import Client
from mellum_ls.lsp_server.wire.json_fields import Json, ParamsError

# By these initializationOptions Copilot's clients introduce themselves.
_COPILOT_OPTIONS = ("editorInfo", "editorPluginInfo")
# The kind of a notebook's cell that holds code; the other one is prose.
_CODE = 2


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
    return _opened(json_fields.mapping(raw, "textDocument"))


def _opened(document: Json) -> Opened:
    language = json_fields.optional(document, "languageId", str) or ""
    return Opened(
        json_fields.text(document, "uri"),
        language,
        json_fields.optional(document, "version", int),
        json_fields.text(document, "text"),
    )


def changed(raw: Json) -> Changed:
    """Params of didChange. Raises ParamsError; a half-readable list of changes is refused whole."""
    document = json_fields.mapping(raw, "textDocument")
    edits = tuple(_edit(item) for item in json_fields.sequence(raw, "contentChanges"))
    return Changed(json_fields.text(document, "uri"), json_fields.optional(document, "version", int), edits)


def saved(raw: Json) -> str:
    """The URI of didSave. Raises ParamsError."""
    return json_fields.text(json_fields.mapping(raw, "textDocument"), "uri")


def closed(raw: Json) -> str:
    """The URI of didClose. Raises ParamsError."""
    return json_fields.text(json_fields.mapping(raw, "textDocument"), "uri")


def inline_completion(raw: Json) -> InlineCompletionRequest:
    """Params of inlineCompletion; only document and position must be there. Raises ParamsError."""
    document = json_fields.mapping(raw, "textDocument")
    context = json_fields.optional_mapping(raw, "context")
    options = json_fields.optional_mapping(raw, "formattingOptions")
    token = raw.get("partialResultToken")
    return InlineCompletionRequest(
        uri=json_fields.text(document, "uri"),
        place=_place(raw, "position"),
        version=json_fields.optional(document, "version", int),
        invoked=context.get("triggerKind") in (0, 1),
        selected=_selected(json_fields.optional_mapping(context, "selectedCompletionInfo")),
        tab_size=json_fields.optional(options, "tabSize", int),
        insert_spaces=json_fields.optional(options, "insertSpaces", bool),
        partial_result_token=token if isinstance(token, str) or type(token) is int else None,
    )


def cursor_move(raw: Json) -> CursorMove:
    """Params of didMoveCursor; `range` is the selection, empty for a cursor alone. Raises ParamsError."""
    uri, span = json_fields.text(json_fields.mapping(raw, "textDocument"), "uri"), json_fields.mapping(raw, "range")
    return CursorMove(uri, _place(span, "start"), _place(span, "end"))


def initialize(raw: Json) -> InitializeRequest:
    """Params of initialize. Nothing in them is needed, so nothing in them is an error."""
    capabilities = json_fields.lenient_mapping(raw, "capabilities")
    options = raw.get("initializationOptions")
    process = raw.get("processId")
    root = raw.get("rootUri")
    folders = _folders(raw.get("workspaceFolders")) or ((root,) if isinstance(root, str) else ())
    return InitializeRequest(
        process_id=process if type(process) is int else None,
        roots=folders,
        options=options,
        pulls_configuration=json_fields.lenient_mapping(capabilities, "workspace").get("configuration") is True,
        client=Client(
            name=name if isinstance(name := json_fields.lenient_mapping(raw, "clientInfo").get("name"), str) else "",
            speaks_copilot=isinstance(options, dict) and not options.keys().isdisjoint(_COPILOT_OPTIONS),
            watches_files=_may(capabilities, "workspace", "didChangeWatchedFiles").get("dynamicRegistration") is True,
            shows_progress=json_fields.lenient_mapping(capabilities, "window").get("workDoneProgress") is True,
            abilities=abilities(capabilities),
        ),
        trace=_trace(raw.get("trace")),
    )


def _may(capabilities: Json, *names: str) -> Json:
    """What a client says of one of its abilities; nothing where it says nothing."""
    for name in names:
        capabilities = json_fields.lenient_mapping(capabilities, name)
    return capabilities


def trace(raw: Json) -> str:
    """The value of $/setTrace: off, messages or verbose; anything else is off."""
    return _trace(raw.get("value"))


def files_renamed(raw: Json) -> tuple[tuple[str, str], ...]:
    """Old and new URI of each file or folder of didRenameFiles. Raises ParamsError."""
    return tuple(
        (json_fields.text(file, "oldUri"), json_fields.text(file, "newUri"))
        for file in json_fields.mappings(raw, "files")
    )


def files_watched(raw: Json) -> tuple[str, ...]:
    """The URIs of didChangeWatchedFiles, whatever became of the files. Raises ParamsError."""
    return tuple(json_fields.text(change, "uri") for change in json_fields.mappings(raw, "changes"))


def files_deleted(raw: Json) -> tuple[str, ...]:
    """The URIs of didDeleteFiles. Raises ParamsError."""
    return tuple(json_fields.text(file, "uri") for file in json_fields.mappings(raw, "files"))


def notebook_opened(raw: Json) -> NotebookOpened:
    """Params of notebookDocument/didOpen. Raises ParamsError."""
    notebook = json_fields.mapping(raw, "notebookDocument")
    texts = tuple(map(_opened, json_fields.mappings(raw, "cellTextDocuments")))
    return NotebookOpened(json_fields.text(notebook, "uri"), _cells(notebook, "cells"), texts)


def notebook_changed(raw: Json) -> NotebookChanged:
    """Params of notebookDocument/didChange. Raises ParamsError; a half-readable change is refused whole."""
    uri = json_fields.text(json_fields.mapping(raw, "notebookDocument"), "uri")
    cells = json_fields.optional_mapping(json_fields.mapping(raw, "change"), "cells")
    structure = json_fields.optional_mapping(cells, "structure")
    array = json_fields.optional_mapping(structure, "array")
    return NotebookChanged(
        uri=uri,
        splice=Splice(
            json_fields.typed(array, "start", int), json_fields.typed(array, "deleteCount", int), _cells(array, "cells")
        )
        if array
        else None,
        opened=tuple(map(_opened, json_fields.mappings(structure, "didOpen"))),
        closed=tuple(json_fields.text(document, "uri") for document in json_fields.mappings(structure, "didClose")),
        cells=_cells(cells, "data"),
        texts=tuple(
            Changed(
                json_fields.text(json_fields.mapping(text, "document"), "uri"),
                json_fields.optional(json_fields.mapping(text, "document"), "version", int),
                tuple(map(_edit, json_fields.sequence(text, "changes"))),
            )
            for text in json_fields.mappings(cells, "textContent")
        ),
    )


def notebook_closed(raw: Json) -> NotebookClosed:
    """Params of notebookDocument/didClose. Raises ParamsError."""
    texts = tuple(json_fields.text(document, "uri") for document in json_fields.mappings(raw, "cellTextDocuments"))
    return NotebookClosed(json_fields.text(json_fields.mapping(raw, "notebookDocument"), "uri"), texts)


def _cells(raw: Json, name: str) -> tuple[Cell, ...]:
    return tuple(
        Cell(json_fields.text(cell, "document"), cell.get("kind") == _CODE) for cell in json_fields.mappings(raw, name)
    )


def _trace(value: object) -> str:
    return value if isinstance(value, str) and value in ("messages", "verbose") else "off"


def command(raw: Json) -> Command:
    """Params of executeCommand. Raises ParamsError."""
    return Command(json_fields.text(raw, "command"), tuple(json_fields.optional(raw, "arguments", list) or ()))


def offer_id(arguments: Sequence[object]) -> str:
    """The id that an item's command carries as its first argument. Raises ParamsError."""
    if not arguments or not isinstance(arguments[0], str):
        raise ParamsError("arguments should begin with the id of a suggestion")
    return arguments[0]


def shown_item(raw: Json) -> str:
    """The id of the item of didShowCompletion; of the item only its command is read. Raises ParamsError."""
    return offer_id(json_fields.sequence(json_fields.mapping(json_fields.mapping(raw, "item"), "command"), "arguments"))


def partial_acceptance(raw: Json) -> PartialAcceptance:
    """Params of didPartiallyAcceptCompletion; of the item only its command is read. Raises ParamsError."""
    return PartialAcceptance(shown_item(raw), json_fields.typed(raw, "acceptedLength", int))


def focused(raw: Json) -> str:
    """The URI of didFocus; empty when no document has the focus. Raises ParamsError."""
    document = json_fields.optional_mapping(raw, "textDocument")
    return json_fields.text(document, "uri") if document else ""


def folders_change(raw: Json) -> FoldersChange:
    """Params of didChangeWorkspaceFolders. Raises ParamsError."""
    event = json_fields.mapping(raw, "event")
    return FoldersChange(_folders(event.get("added")), _folders(event.get("removed")))


def _folders(raw: object) -> tuple[str, ...]:
    if not isinstance(raw, list):
        return ()
    uris = (folder.get("uri") for folder in raw if isinstance(folder, dict))
    return tuple(uri for uri in uris if isinstance(uri, str))


def _edit(raw: object) -> Edit:
    if not isinstance(raw, dict):
        raise ParamsError("contentChanges should hold objects")
    text = json_fields.text(raw, "text")
    if raw.get("range") is None:
        return Edit(text)
    span = json_fields.mapping(raw, "range")
    return Edit(text, _place(span, "start"), _place(span, "end"))


def _selected(raw: Json) -> Selected | None:
    if not raw:
        return None
    span = json_fields.mapping(raw, "range")
    return Selected(json_fields.text(raw, "text"), _place(span, "start"), _place(span, "end"))


def _place(raw: Json, name: str) -> Place:
    place = json_fields.mapping(raw, name)
    return Place(json_fields.typed(place, "line", int), json_fields.typed(place, "character", int))
