from typing import Any

import pytest

from mellum_ls.lsp_server.wire.abilities import Abilities, abilities
from tests.fakes.action_client import FULL, without


def test_an_editor_that_can_do_everything_is_believed() -> None:
    assert abilities(FULL) == Abilities(*[True] * 8)


@pytest.mark.parametrize(
    ("missing", "left"),
    [
        ("textDocument.codeAction.dataSupport", {"resolves_edits": False}),
        ("textDocument.codeAction.codeActionLiteralSupport", {"takes_actions": False}),
        ("workspace.workspaceEdit.documentChanges", {"versioned_edits": False, "creates_files": False}),
        ("workspace.workspaceEdit.resourceOperations", {"creates_files": False}),
        ("workspace.applyEdit", {"applies_edits": False}),
        ("window.showDocument", {"shows_documents": False}),
        ("workspace.textDocumentContent", {"reads_contents": False}),
        ("textDocument.codeAction.tagSupport", {"tags": False}),
    ],
)
def test_what_is_not_said_cannot_be_done(missing: str, left: dict[str, bool]) -> None:
    everything = {name: True for name in Abilities.__slots__}
    assert abilities(without(missing)) == Abilities(**{**everything, **left})


@pytest.mark.parametrize("odd", [{}, {"workspace": None}, {"textDocument": {"codeAction": []}}, {"window": 1}])
def test_oddities_are_a_no(odd: dict[str, Any]) -> None:
    assert abilities(odd) == Abilities()
