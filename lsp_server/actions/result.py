"""What came of one action, and the protocol's edit that it makes. Knows no model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mellum_ls.lsp_server.documents.positions import column_of
from mellum_ls.lsp_server.documents.store import Snapshot, bare
from mellum_ls.lsp_server.rewriting.spots import end_of, start_of

if TYPE_CHECKING:
    from mellum_ls.lsp_server.rewriting.minimal import Change


@dataclass(frozen=True, slots=True)
class Result:
    """Either an edit or a text, or `reason` says why neither."""

    reason: str = ""
    edit: dict[str, object] | None = None
    """A WorkspaceEdit."""
    text: str = ""
    revision: int | None = None
    """Of the document that the edit is for; None where that is a file that is not open."""
    becomes: str = ""
    """The text that the edit makes of its document, without secrets; empty where that does not matter."""
    target: str = ""
    """URI of that document, where it is another than the one that the action is for."""

    @property
    def done(self) -> bool:
        """Whether something came of it."""
        return not self.reason


def edit_of(
    snapshot: Snapshot, version: int | None, changes: Sequence[Change], *, versioned: bool
) -> dict[str, object]:
    """The WorkspaceEdit of `changes` to a document; where `versioned` it holds for that version alone."""
    edits = []
    for change in changes:
        place = {
            name: {"line": line, "character": column_of(bare(snapshot.lines[line]), index)}
            for name, (line, index) in (("start", start_of(change.span)), ("end", end_of(change.span)))
        }
        edits.append({"range": place, "newText": change.new.replace("\n", snapshot.line_end)})
    if not versioned:
        return {"changes": {snapshot.uri: edits}}
    return {"documentChanges": [{"textDocument": {"uri": snapshot.uri, "version": version}, "edits": edits}]}


def file_of(uri: str, text: str) -> dict[str, object]:
    """The WorkspaceEdit that makes a file which must not be there yet."""
    start = {"line": 0, "character": 0}
    return {
        "documentChanges": [
            {"kind": "create", "uri": uri, "options": {"overwrite": False, "ignoreIfExists": False}},
            {
                "textDocument": {"uri": uri, "version": None},
                "edits": [{"range": {"start": start, "end": start}, "newText": text}],
            },
        ]
    }
