from mellum_ls.context.edits.types import Span
from mellum_ls.lsp_server.actions.result import Result, edit_of, file_of
from mellum_ls.lsp_server.documents.lines import Lines
from mellum_ls.lsp_server.documents.store import Snapshot
from mellum_ls.lsp_server.rewriting.minimal import Change

SNAPSHOT = Snapshot("file:///a", "python", 3, Lines(["🎉 = 1\r\n", "b\r\n"]), 0, 0)
CHANGES = (Change(Span(0, 1, 0, 5), " = 1", " = 2\n"),)
EDIT = {
    "range": {"start": {"line": 0, "character": 2}, "end": {"line": 0, "character": 6}},
    "newText": " = 2\r\n",
}


def test_an_edit_counts_in_utf_16_and_has_the_documents_line_ends() -> None:
    assert edit_of(SNAPSHOT, 7, CHANGES, versioned=False) == {"changes": {"file:///a": [EDIT]}}
    [change] = edit_of(SNAPSHOT, 7, CHANGES, versioned=True)["documentChanges"]  # type: ignore[misc]
    assert change == {"textDocument": {"uri": "file:///a", "version": 7}, "edits": [EDIT]}


def test_a_file_is_made_only_where_there_is_none() -> None:
    create, fill = file_of("file:///t", "x\n")["documentChanges"]  # type: ignore[misc]
    assert create["options"] == {"overwrite": False, "ignoreIfExists": False}
    assert (fill["textDocument"], fill["edits"][0]["newText"]) == ({"uri": "file:///t", "version": None}, "x\n")


def test_a_result_without_a_reason_is_one() -> None:
    assert Result(text="so").done
    assert not Result("nothing").done
