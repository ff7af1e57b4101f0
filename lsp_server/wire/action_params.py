"""Params of the code action methods: what is read of them. Errors name the field and never quote a value."""

from __future__ import annotations

from dataclasses import dataclass

from mellum_ls.lsp_server.wire import json_fields
from mellum_ls.lsp_server.wire.json_fields import Json


@dataclass(frozen=True, slots=True)
class ActionsRequest:
    """textDocument/codeAction. Lines count from 0."""

    uri: str
    first: int
    last: int
    """Part of it: a selection that ends at a line's beginning does not hold that line."""
    diagnostics: tuple[Json, ...]
    only: tuple[str, ...]


def code_action(raw: Json) -> ActionsRequest:
    """Params of codeAction. Raises ParamsError."""
    span = json_fields.mapping(raw, "range")
    start, end = json_fields.mapping(span, "start"), json_fields.mapping(span, "end")
    first, last = (max(0, json_fields.typed(place, "line", int)) for place in (start, end))
    if last > first and json_fields.typed(end, "character", int) <= 0:
        last -= 1
    context = json_fields.optional_mapping(raw, "context")
    only = json_fields.optional(context, "only", list) or []
    return ActionsRequest(
        json_fields.text(json_fields.mapping(raw, "textDocument"), "uri"),
        first,
        max(first, last),
        tuple(json_fields.mappings(context, "diagnostics")),
        tuple(kind for kind in only if isinstance(kind, str)),
    )


def document_uri(raw: Json) -> str:
    """The URI of workspace/textDocumentContent. Raises ParamsError."""
    return json_fields.text(raw, "uri")


def progress_token(raw: Json) -> str | int | None:
    """The token of window/workDoneProgress/cancel; None for what is none."""
    token = raw.get("token")
    return token if isinstance(token, str) or type(token) is int else None
