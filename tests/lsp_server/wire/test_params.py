from collections.abc import Callable
from typing import Any

import pytest

from mellum_ls.lsp_server.answers.completer import Selected
from mellum_ls.lsp_server.documents.store import Edit, Place
from mellum_ls.lsp_server.wire import params
from mellum_ls.lsp_server.wire.clients import Client
from mellum_ls.lsp_server.wire.json_fields import ParamsError
from mellum_ls.lsp_server.wire.params import CursorMove, InlineCompletionRequest

POSITION = {"line": 1, "character": 2}


def inline(**extra: object) -> dict[str, object]:
    return {"textDocument": {"uri": "u"}, "position": POSITION, "context": {"triggerKind": 2}, **extra}


@pytest.mark.parametrize(("kind", "invoked"), [(0, True), (1, True), (2, False), (7, False), (None, False)])
def test_draft_trigger_kind_counts_as_invoked(kind: object, invoked: bool) -> None:
    assert params.inline_completion(inline(context={"triggerKind": kind})).invoked is invoked


def test_context_may_be_missing() -> None:
    request = params.inline_completion({"textDocument": {"uri": "u"}, "position": POSITION})
    assert request == InlineCompletionRequest("u", Place(1, 2))


def test_fields_that_copilot_clients_add_are_kept() -> None:
    request = params.inline_completion(
        inline(
            textDocument={"uri": "u", "version": 7},
            formattingOptions={"tabSize": 2, "insertSpaces": True},
            partialResultToken="t",
        )
    )
    assert (request.version, request.tab_size, request.insert_spaces) == (7, 2, True)
    assert request.partial_result_token == "t"


def test_selected_entry() -> None:
    info = {"range": {"start": POSITION, "end": POSITION}, "text": "abc"}
    request = params.inline_completion(inline(context={"triggerKind": 1, "selectedCompletionInfo": info}))
    assert request.selected == Selected("abc", Place(1, 2), Place(1, 2))


def test_changes_with_and_without_range() -> None:
    raw = {
        "textDocument": {"uri": "u", "version": 3},
        "contentChanges": [{"text": "all"}, {"text": "x", "range": {"start": POSITION, "end": POSITION}}],
    }
    assert params.changed(raw).edits == (Edit("all"), Edit("x", Place(1, 2), Place(1, 2)))


def test_a_cursor_is_a_range_that_ends_where_it_starts() -> None:
    for character in (2, 3):
        end = {"line": 1, "character": character}
        raw = {"textDocument": {"uri": "u"}, "range": {"start": POSITION, "end": end}}
        assert params.cursor_move(raw) == CursorMove("u", Place(1, 2), Place(1, character))


def test_initialize_takes_anything() -> None:
    for raw in (
        {},
        {"processId": "x", "capabilities": 3, "workspaceFolders": [1, {"uri": 2}], "rootUri": None},
    ):
        request = params.initialize(raw)
        assert (request.process_id, request.roots, request.pulls_configuration) == (None, (), False)
    request = params.initialize(
        {"processId": 9, "rootUri": "file:///r", "capabilities": {"workspace": {"configuration": True}}}
    )
    assert (request.process_id, request.roots, request.pulls_configuration) == (9, ("file:///r",), True)
    assert request.client == Client()


def test_a_client_is_known_by_what_it_says_at_the_start() -> None:
    for raw in ({"clientInfo": {"name": 3}, "capabilities": {"window": 3}}, {"initializationOptions": []}):
        assert params.initialize(raw).client == Client()
    hello = {
        "clientInfo": {"name": "Neovim"},
        "capabilities": {"window": {"workDoneProgress": True}},
        "initializationOptions": {"editorPluginInfo": {}},
    }
    assert params.initialize(hello).client == Client("Neovim", speaks_copilot=True, shows_progress=True)


BAD: list[tuple[Callable[[Any], object], object, str]] = [
    (params.inline_completion, {}, "textDocument"),
    (params.inline_completion, inline(position=None), "position"),
    (params.inline_completion, inline(position={"line": "1", "character": 0}), "line"),
    (params.inline_completion, inline(position={"line": True, "character": 0}), "line"),
    (params.inline_completion, inline(position={"line": 1.5, "character": 0}), "line"),
    (params.inline_completion, inline(textDocument={"uri": 3}), "uri"),
    (params.opened, {"textDocument": {"uri": "u"}}, "text"),
    (params.changed, {"textDocument": {"uri": "u"}, "contentChanges": ["secret"]}, "contentChanges"),
    (params.changed, {"textDocument": {"uri": "u"}, "contentChanges": [{"text": 1}]}, "text"),
    (params.closed, {"textDocument": []}, "textDocument"),
    (params.saved, {"textDocument": {}}, "uri"),
    (params.files_watched, {"changes": ["secret"]}, "changes"),
    (params.files_watched, {"changes": [{"type": 1}]}, "uri"),
    (params.folders_change, {}, "event"),
    (params.cursor_move, {"textDocument": {"uri": "u"}}, "range"),
    (params.cursor_move, {"textDocument": {"uri": "u"}, "range": {"start": POSITION}}, "end"),
]


@pytest.mark.parametrize(("read", "raw", "field"), BAD)
def test_what_does_not_fit_is_named_and_not_quoted(read: Callable[[Any], object], raw: object, field: str) -> None:
    with pytest.raises(ParamsError, match=field) as fault:
        read(raw)
    assert "secret" not in str(fault.value)
