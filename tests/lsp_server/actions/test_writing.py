import asyncio
from collections.abc import Awaitable, Callable

import pytest

from mellum_ls.context.languages.parsed import parsed
from mellum_ls.lsp_server.actions.kinds import EXPLAIN, FIX, TESTS, Kind
from mellum_ls.lsp_server.actions.place_of_tests import PlaceOfTests
from mellum_ls.lsp_server.actions.prompting import Situation
from mellum_ls.lsp_server.actions.result import Result
from mellum_ls.lsp_server.actions.writing import MOVED_ON, Writing
from mellum_ls.lsp_server.documents.store import Document, Place, split_lines
from mellum_ls.lsp_server.model.backend import BackendUnavailable
from tests.fakes.backend import ScriptedBackend

TEXT = "def one():\n    return uno\n"
GOOD = "```\ndef one():\n    return 1\n```"
BEFORE = parsed(TEXT, "a.py", "python")


def run(
    backend: ScriptedBackend,
    work: Callable[[Writing], Awaitable[Result]],
    kind: Kind = FIX,
    still_wanted: Callable[[], bool] = lambda: True,
) -> Result:
    document = Document("file:///a.py", "python", 1, split_lines(TEXT))  # type: ignore[arg-type]
    here = Situation(kind, "a.py", "python", TEXT.split("\n"), 0, 1, new_file="tests/test_a.py")
    grown: list[str] = []
    writing = Writing(backend, here, document.snapshot(Place(0, 0)), still_wanted, grown.append)

    async def working() -> Result:
        return await work(writing)

    result = asyncio.run(working())
    assert len(grown) >= len(backend.chats) or not result.done
    return result


def edit(writing: Writing) -> Awaitable[Result]:
    return writing.edit(BEFORE, 1, versioned=True)


def test_the_second_answer_counts_where_the_first_failed() -> None:
    answers = ["prose", GOOD]
    backend = ScriptedBackend(replies=lambda messages: answers.pop(0))
    result = run(backend, edit)
    assert result.done
    assert result.edit is not None
    assert len(backend.chats) == 2


def test_there_is_no_third_answer() -> None:
    backend = ScriptedBackend(replies="prose")
    assert run(backend, edit) == Result("no fix found: the answer has no code block")
    assert len(backend.chats) == 2


def test_an_answer_that_was_cut_off_is_none_however_whole_it_looks() -> None:
    assert "cut off" in run(ScriptedBackend(replies=GOOD, reason="length"), edit).reason


def test_a_document_that_moves_on_ends_the_model() -> None:
    looks = iter([True, True, False])
    backend = ScriptedBackend(replies=GOOD)
    assert run(backend, edit, still_wanted=lambda: next(looks)) == Result(MOVED_ON)
    assert (len(backend.chats), backend.cancelled) == (1, 1)


def test_an_explanation_outlives_its_document() -> None:
    backend = ScriptedBackend(replies="\nSo it is. ")
    assert run(backend, Writing.explain, EXPLAIN, still_wanted=lambda: False) == Result(text="So it is.\n")
    assert run(ScriptedBackend(replies="\n"), Writing.explain, EXPLAIN).reason == "the model said nothing"


def test_a_file_of_tests_must_be_code() -> None:
    result = run(ScriptedBackend(replies="```\n\nx = 1\n```"), lambda writing: writing.file("file:///t.py"), TESTS)
    assert "x = 1\\n" in repr(result.edit)
    bad = run(ScriptedBackend(replies="```\nx = (\n```"), lambda writing: writing.file("file:///t.py"), TESTS)
    assert bad.reason == "no tests written: the answer has a fault of syntax"
    other = run(ScriptedBackend(replies="```py a.py\nx\n```"), lambda writing: writing.file("file:///t.py"), TESTS)
    assert "another file" in other.reason


def test_a_model_that_is_away_is_said_to_be() -> None:
    with pytest.raises(BackendUnavailable, match="away"):
        run(ScriptedBackend(no_chat="away"), edit)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("def test_two():\n    assert (", "the answer has a fault of syntax"),
        ("# ... existing tests ...\ndef test_two(): ...", "leaves out code"),
        ("TOKEN = '<redacted>'", "a placeholder"),
        ("def test_one(): ...", "the file has test_one already"),
        ("import os", "changes nothing"),
        ("def test_two(): ...", ""),
    ],
)
def test_tests_join_those_that_there_are_or_none_are_written(answer: str, reason: str) -> None:
    there = Document("file:///tests/test_a.py", "python", 4, split_lines("import os\n\ndef test_one(): ...\n"))  # type: ignore[arg-type]
    snapshot = there.snapshot(Place(0, 0))
    place = PlaceOfTests(there.uri, "tests/test_a.py", snapshot, 4, is_open=True)
    backend = ScriptedBackend(replies=f"```\n{answer}\n```")
    result = run(backend, lambda writing: writing.into(place, snapshot, versioned=True), TESTS)
    assert (result.target, result.revision) == (there.uri, snapshot.revision)
    assert reason in result.reason
    assert bool(result.reason) == bool(reason)
    if result.edit is not None:
        [change] = result.edit["documentChanges"]  # type: ignore[misc]
        assert change["textDocument"] == {"uri": there.uri, "version": 4}
        assert [edit["newText"] for edit in change["edits"]] == ["\n\ndef test_two(): ...\n"]
