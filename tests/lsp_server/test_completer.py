import asyncio

import pytest

from mellum_ls.lsp_server.backend import BackendUnavailable
from mellum_ls.lsp_server.completer import Gap, Selected, Suggestion, complete, fit, query_for, relative_path
from mellum_ls.lsp_server.documents import Document, Place, Snapshot, split_lines
from mellum_ls.lsp_server.settings import Settings
from tests.fakes.backend import ScriptedBackend


def at_mark(text: str) -> Snapshot:
    """The snapshot of `text` with the cursor at the bar in it."""
    lines = split_lines(text)
    line = next(number for number, content in enumerate(lines) if "|" in content)
    character = len(lines[line].split("|")[0].encode("utf-16-le")) // 2
    return Document("file:///r/a.py", "python", 1, split_lines(text.replace("|", ""))).snapshot(Place(line, character))


def suggest(text: str, written: str) -> Suggestion | None:
    return fit(Gap.of(at_mark(text), None), written, Settings())


def test_query_holds_the_text_around_the_cursor_with_plain_line_ends() -> None:
    gap = Gap.of(at_mark("import os\r\ndef f():\r\n    |)\r\nend\r\n"), None)
    query = query_for(gap, Settings(max_tokens=7), ["file:///r"])
    assert query.prefix == "import os\ndef f():\n    "
    assert query.suffix == ")\nend\n"
    assert (query.path, query.max_tokens, query.stop, query.session) == ("a.py", 7, "block", "file:///r/a.py")


def test_range_is_on_the_cursor_line_and_counts_utf16() -> None:
    assert suggest("x\n🎉 = |\n", "1") == Suggestion("1", 1, 5, 5)


def test_several_lines_replace_the_closers_that_they_repeat() -> None:
    assert suggest("def f(|):", "a):\n    return a") == Suggestion("a):\n    return a", 0, 6, 8)


def test_crlf_document_gets_crlf() -> None:
    suggestion = suggest("a\r\n|\r\n", "b\nc")
    assert suggestion is not None
    assert suggestion.text == "b\r\nc"


def test_selected_entry_is_extended_over_its_own_range() -> None:
    snapshot = at_mark("    obj.pr|")
    gap = Gap.of(snapshot, Selected("print_all", Place(0, 8), Place(0, 10)))
    assert query_for(gap, Settings()).prefix == "    obj.print_all"
    assert fit(gap, "(1)", Settings()) == Suggestion("print_all(1)", 0, 8, 10)


@pytest.mark.parametrize(("line", "start"), [(1, 0), (0, 11)])
def test_selected_entry_elsewhere_is_ignored(line: int, start: int) -> None:
    snapshot = at_mark("    obj.pr|     x\nother")
    gap = Gap.of(snapshot, Selected("y", Place(line, start), Place(line, start + 1)))
    assert (gap.before, gap.chosen) == ("    obj.pr", "")


def test_paths_are_relative_to_the_nearest_root() -> None:
    roots = ["file:///home/r", "file:///home/r/sub/"]
    assert relative_path("file:///home/r/a%20b.py", roots) == "a b.py"
    assert relative_path("file:///home/r/sub/c.py", roots) == "c.py"
    assert relative_path("file:///home/rest/c.py", roots) == ""
    assert relative_path("untitled:Untitled-1", roots) == ""


def test_growth_is_shown_and_ends_in_the_answer() -> None:
    grown: list[Suggestion] = []
    gap = Gap.of(at_mark("x = |"), None)
    backend = ScriptedBackend("one + two + three")
    answer = asyncio.run(complete(gap, backend, Settings(), on_growth=grown.append))
    assert [suggestion.text for suggestion in grown] == [
        "one",
        "one +",
        "one + two",
        "one + two +",
        "one + two + three",
    ]
    assert answer == grown[-1]


def test_backend_faults_pass_through() -> None:
    gap = Gap.of(at_mark("x = |"), None)
    with pytest.raises(BackendUnavailable, match="no model"):
        asyncio.run(complete(gap, ScriptedBackend(error="no model"), Settings()))


def test_an_answer_that_the_budget_cut_off_ends_with_a_whole_line() -> None:
    gap = Gap.of(at_mark("def f():|"), None)
    answer = asyncio.run(complete(gap, ScriptedBackend("\n    a = 1\n    b =", reason="length"), Settings()))
    assert answer == Suggestion("\n    a = 1", 0, 8, 8)
