"""When no next edit is wanted, whatever it might be: without a recent edit, after an undo, after a rejection.

Knows times and kinds of change; no documents, no models.
"""

from __future__ import annotations

from mellum_ls.lsp_server.documents.edit_history import Kind

RECENT_SECONDS = 10.0
"""An edit older than this says nothing about what comes next."""


def why_not_now(now: float, edited: float | None, kind: Kind, *, cooling: bool) -> str:
    """Why nothing is proposed `now`; empty when something may be. `edited` is when the last edit came, of that kind."""
    if edited is None or now - edited > RECENT_SECONDS:
        return f"nothing was edited in the last {RECENT_SECONDS:g} seconds"
    if kind == "undone":
        return "the last change was an undo"
    return "a next edit was just turned down" if cooling else ""
