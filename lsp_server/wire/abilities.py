"""What a client can do with code actions, as it says of itself at the start. Knows no action."""

from __future__ import annotations

from dataclasses import dataclass

from mellum_ls.lsp_server.wire.json_fields import Json, lenient_mapping


@dataclass(frozen=True, slots=True)
class Abilities:
    """The defaults are those of a client that says nothing: it knows commands alone."""

    takes_actions: bool = False
    """Whether a list may hold code actions, not commands alone."""
    resolves_edits: bool = False
    """Whether it asks for an action's edit when the action is chosen."""
    tags: bool = False
    """Whether it shows that an action is a model's (`LLMGenerated`)."""
    applies_edits: bool = False
    """Whether the server may ask it to change documents."""
    versioned_edits: bool = False
    """Whether it compares an edit's version with that of its document."""
    creates_files: bool = False
    """Whether an edit may make files."""
    shows_documents: bool = False
    """Whether the server may ask it to open a document."""
    reads_contents: bool = False
    """Whether it asks the server for the text of documents of a scheme of the server's own."""


def abilities(capabilities: Json) -> Abilities:
    """What `capabilities` of initialize say; anything odd in them is a no."""
    workspace, window = lenient_mapping(capabilities, "workspace"), lenient_mapping(capabilities, "window")
    actions = lenient_mapping(lenient_mapping(capabilities, "textDocument"), "codeAction")
    edits = lenient_mapping(workspace, "workspaceEdit")
    versioned = edits.get("documentChanges") is True
    return Abilities(
        takes_actions="codeActionLiteralSupport" in actions,
        resolves_edits=actions.get("dataSupport") is True
        and _holds(lenient_mapping(actions, "resolveSupport"), "properties", "edit"),
        tags=_holds(lenient_mapping(actions, "tagSupport"), "valueSet", 1),
        applies_edits=workspace.get("applyEdit") is True,
        versioned_edits=versioned,
        creates_files=versioned and _holds(edits, "resourceOperations", "create"),
        shows_documents=lenient_mapping(window, "showDocument").get("support") is True,
        reads_contents=isinstance(workspace.get("textDocumentContent"), dict),
    )


def _holds(raw: Json, name: str, item: object) -> bool:
    values = raw.get(name)
    return isinstance(values, list) and item in values
