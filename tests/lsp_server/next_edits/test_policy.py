"""When no next edit is wanted."""

import pytest

from mellum_ls.lsp_server.documents.edit_history import Kind
from mellum_ls.lsp_server.next_edits.policy import RECENT_SECONDS, why_not_now


@pytest.mark.parametrize(
    ("edited", "kind", "cooling", "reason"),
    [
        (None, "other", False, "nothing was edited in the last 10 seconds"),
        (100 - RECENT_SECONDS - 0.1, "typed", False, "nothing was edited in the last 10 seconds"),
        (100 - RECENT_SECONDS, "typed", False, ""),
        (99.0, "undone", False, "the last change was an undo"),
        (99.0, "erased", False, ""),
        (99.0, "typed", True, "a next edit was just turned down"),
    ],
)
def test_it_needs_a_recent_edit_that_was_no_undo(edited: float | None, kind: Kind, cooling: bool, reason: str) -> None:
    assert why_not_now(100.0, edited, kind, cooling=cooling) == reason
