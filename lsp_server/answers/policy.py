"""When to stay silent although a completion was asked for: where a suggestion would be noise. Pure functions.

Judges requests that typing has caused; what the user asks for by a key is always answered.
"""

from __future__ import annotations

from mellum_ls.lsp_server.answers.completer import Gap
from mellum_ls.lsp_server.documents.edit_history import LastChange


def why_not(gap: Gap, change: LastChange) -> str:
    """Why nothing is to be shown at `gap`, in words for the user; empty where something may."""
    if change.kind == "undone" and change.first <= gap.snapshot.line <= change.last:
        return "the last change was an undo"
    if _in_word(gap):
        return "the cursor is inside a word"
    return ""


def why_not_ask(gap: Gap, change: LastChange) -> str:
    """Why the model is not to be asked at `gap`, though what it has written before may be shown."""
    if change.kind == "erased" and change.first <= gap.snapshot.line <= change.last:
        return "a character was erased"
    return ""


def _in_word(gap: Gap) -> bool:
    before, after = gap.before[-1:], gap.after[:1]
    return (before.isalnum() or before == "_") and (after.isalnum() or after == "_")
