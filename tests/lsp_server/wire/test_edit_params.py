"""Params of requests for next edits."""

import pytest

from mellum_ls.lsp_server.documents.store import Place
from mellum_ls.lsp_server.wire.edit_params import NextEditRequest, next_edit
from mellum_ls.lsp_server.wire.json_fields import ParamsError

AT = {"line": 3, "character": 4}


def test_what_clients_send() -> None:
    copilot = {"textDocument": {"uri": "u", "version": 2}, "position": AT, "context": {"triggerKind": 2}}
    assert next_edit(copilot) == NextEditRequest("u", Place(3, 4), 2)
    ours = {"textDocument": {"uri": "u"}, "position": AT, "otherDocuments": True}
    assert next_edit(ours) == NextEditRequest("u", Place(3, 4), None, True)
    assert (
        next_edit({"textDocument": {"uri": "u", "version": None}, "position": AT, "otherDocuments": None}).elsewhere
        is False
    )


@pytest.mark.parametrize(
    "raw",
    [
        {},
        {"textDocument": {"uri": "u"}},
        {"textDocument": {}, "position": AT},
        {"textDocument": {"uri": "u", "version": "2"}, "position": AT},
        {"textDocument": {"uri": "u"}, "position": {"line": 1}},
        {"textDocument": {"uri": "u"}, "position": AT, "otherDocuments": 1},
    ],
)
def test_what_they_cannot_mean_is_refused(raw: dict[str, object]) -> None:
    with pytest.raises(ParamsError):
        next_edit(raw)
