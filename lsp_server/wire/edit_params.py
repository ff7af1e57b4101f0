"""A client's JSON params for next edits to a frozen dataclass; see params.py for what is lenient and what is strict."""

from __future__ import annotations

from dataclasses import dataclass

from mellum_ls.lsp_server.documents.store import Place
from mellum_ls.lsp_server.wire import json_fields
from mellum_ls.lsp_server.wire.json_fields import Json


@dataclass(frozen=True, slots=True)
class NextEditRequest:
    """textDocument/copilotInlineEdit and mellum/nextEdit."""

    uri: str
    place: Place
    version: int | None
    """The client's version of the document. Copilot's clients always say it; one that does not is believed."""
    elsewhere: bool = False
    """Whether the edit may be in another document: `otherDocuments`, a field of this server's own."""


def next_edit(raw: Json) -> NextEditRequest:
    """Params of a request for the next edit. Raises ParamsError."""
    document, position = json_fields.mapping(raw, "textDocument"), json_fields.mapping(raw, "position")
    place = Place(json_fields.typed(position, "line", int), json_fields.typed(position, "character", int))
    return NextEditRequest(
        json_fields.text(document, "uri"),
        place,
        json_fields.optional(document, "version", int),
        json_fields.optional(raw, "otherDocuments", bool) or False,
    )
