import asyncio
from collections.abc import AsyncGenerator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mellum_ls.lsp_server.answers.completer import Answer, Gap, Selected, Suggestion, complete, fit, query_for
from mellum_ls.lsp_server.documents.store import Document, DocumentStore, Edit, Place, Snapshot, split_lines
from mellum_ls.lsp_server.model.backend import BackendUnavailable, Done, Piece, Query, Usage
from mellum_ls.lsp_server.settings.fields import Settings
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
    assert query.suffix == "\nend\n"
    assert (query.path, query.max_tokens, query.stop, query.session) == ("a.py", 7, "block", "file:///r/a.py")


def test_secrets_of_the_document_itself_are_not_in_the_query() -> None:
    token = "ghp_" + "a1B2" * 9
    gap = Gap.of(at_mark(f"a = '{token}'\nb = |\nc = '{token}'\n"), None)
    query = query_for(gap, Settings())
    assert (query.prefix, query.suffix) == ("a = '<redacted>'\nb = ", "\nc = '<redacted>'\n")


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


def test_an_empty_selected_entry_replaces_nothing() -> None:
    gap = Gap.of(at_mark("    obj.pr|"), Selected("", Place(0, 8), Place(0, 10)))
    assert (gap.before, gap.start, gap.end) == ("    obj.pr", 10, 10)


@pytest.mark.parametrize(
    ("written", "shown"), [("t(x)", "print(x)"), ("t(x)\nprint(y))", None), ("t(x))\nz = 1", None)]
)
def test_a_selected_entry_is_extended_over_its_own_range_only(written: str, shown: str | None) -> None:
    snapshot = at_mark("foo(pr|)")
    suggestion = fit(Gap.of(snapshot, Selected("prin", Place(0, 4), Place(0, 6))), written, Settings())
    if suggestion is not None:
        assert (suggestion.start, suggestion.end) == (4, 6)
    assert (suggestion and suggestion.text) == shown


def ask(text: str, backend: ScriptedBackend) -> Answer:
    gap = Gap.of(at_mark(text), None)
    return asyncio.run(complete(gap, backend.complete(query_for(gap, Settings())), Settings()))


def test_the_answer_says_why_the_model_ended_and_what_it_cost() -> None:
    answer = ask("x = |", ScriptedBackend("one", reason="line"))
    assert (answer.reason, answer.usage) == ("line", Usage(4, 4, 3, 1.5, 2.5))


def test_backend_faults_pass_through() -> None:
    with pytest.raises(BackendUnavailable, match="no model"):
        ask("x = |", ScriptedBackend(error="no model"))


def test_an_answer_without_an_end_is_a_fault() -> None:
    class Broken(ScriptedBackend):
        async def complete(self, query: Query, *, ahead: bool = False) -> AsyncGenerator[Piece | Done, None]:
            yield Piece("one")

    with pytest.raises(BackendUnavailable, match="broke off"):
        ask("x = |", Broken())


def test_an_answer_that_the_budget_cut_off_ends_with_a_whole_line() -> None:
    answer = ask("def f():|", ScriptedBackend("\n    a = 1\n    b =", reason="length"))
    assert answer.suggestion == Suggestion("\n    a = 1", 0, 8, 8)


@pytest.mark.parametrize(
    ("text", "written", "whole"),
    [
        # What the editor put in is not written twice, whatever the model does about it.
        ("f(|)\n", "a", "f(a)\n"),
        ("f(|)\n", "a)", "f(a)\n"),
        ("f(|)\n", "a) + g(b)", "f(a) + g(b)\n"),
        ("f(g(|))\n", "a) + 1", "f(g(a) + 1)\n"),
        ("f(g(|))\n", "a)) + 1", "f(g(a)) + 1\n"),
        ("f(|);\n", "a).g();", "f(a).g();\n"),
        ('x = "|"\n', 'a" + b', 'x = "a" + b\n'),
        ('x = f("|")\n', 'a")', 'x = f("a")\n'),
        ('x = f("|")\n', 'a").y', 'x = f("a").y\n'),
        ("def f(|):\n", "self) -> int:", "def f(self) -> int:\n"),
        ("def f(|):\n", "self):\n    pass", "def f(self):\n    pass\n"),
        ("def f(|):\n", "self) -> int:\n    pass", "def f(self) -> int:\n    pass\n"),
        ("x = [|]\n", "\n    1,\n    2,\n]", "x = [\n    1,\n    2,\n]\n"),
        ("if (x) {|}\n", "\n  y();\n}", "if (x) {\n  y();\n}\n"),
        ("if (x) {|}\r\n", "\n  y();\n}", "if (x) {\r\n  y();\r\n}\r\n"),
    ],
)
def test_closers_that_the_model_was_not_shown_do_not_stand_twice(text: str, written: str, whole: str) -> None:
    assert applied(text, written) == whole


def test_closers_stay_when_the_rules_cut_off_those_that_would_replace_them() -> None:
    long = "".join(f"\n    {number}," for number in range(40)) + "\n]"
    assert applied("x = [|]\n", long) == "x = []\n"


def applied(text: str, written: str) -> str:
    """`text` after the suggestion that `written` makes at its bar has been taken, as an editor does it."""
    snapshot, suggestion = at_mark(text), suggest(text, written)
    document = Document(snapshot.uri, "python", 1, list(snapshot.lines))
    if suggestion is not None:
        line, start, end = suggestion.line, suggestion.start, suggestion.end
        document.apply(Edit(suggestion.text, Place(line, start), Place(line, end)))
    return document.text


AUTO_CLOSED = [
    "x = |",
    "x = f|",
    "x = f(|)",
    "x = f(a|)",
    'x = f(a["|"])',
    'x = f(a["k"|])',
    'x = f(a["k"], {|})',
    'x = f(a["k"], {})|',
]


def test_typing_with_an_editor_that_closes_brackets_leaves_the_suffix_and_adds_to_the_prefix() -> None:
    below = "\n\ndef g():\n    return f(1)\n"
    queries = [query_for(Gap.of(at_mark(line + below), None), Settings()) for line in AUTO_CLOSED]
    assert {query.suffix for query in queries} == {below}
    assert all(later.prefix.startswith(earlier.prefix) for earlier, later in pairwise(queries))


code = st.text(alphabet=st.sampled_from("ab ()\"'\n\r\u2028🎉"), max_size=40)
places = st.builds(Place, st.integers(0, 6), st.integers(0, 12))
edits = st.lists(st.builds(Edit, code, places, places), max_size=4)


@given(code, code, edits, places, places)
def test_equal_states_make_equal_queries_whatever_led_to_them(
    text: str, earlier: str, detours: list[Edit], place: Place, start: Place
) -> None:
    straight, winding = DocumentStore(), DocumentStore()
    straight.open("file:///r/a.py", "python", 1, text)
    document = winding.open("file:///r/a.py", "python", 1, earlier)
    winding.change("file:///r/a.py", 2, detours)
    # Back to `text` through an edit in the middle, where one can lead there.
    first, column = document.locate(start)
    head = "".join(document.lines[:first]) + document.lines[first][:column]
    if text.startswith(head):
        document.apply(Edit(text[len(head) :], start, Place(1 << 20, 0)))
    if document.text != text:
        document.apply(Edit(text))
    assert document.text == text
    settings = Settings(prefix_lines=2, prefix_chars=64, suffix_chars=20)
    context = (("b.py", "b = 1\n"),)
    one, other = (
        query_for(Gap.of(opened.snapshot(place), None), settings, ["file:///r"], context)
        for store in (straight, winding)
        for opened in store
    )
    assert one == other
    assert one.context == context


@pytest.mark.parametrize(
    ("text", "written", "reason", "shown"),
    [
        ("x = f(|\ny = 1\n", "a", "stop", "a)"),
        ("x = f(|)\ny = 1\n", "a", "stop", "a"),
        ("x = |\r\ny = 1\r\n", "f(a", "stop", "f(a)"),
        ("x = |\n", "[", "stop", None),
        ("x = |\n", "'open", "stop", None),
        ("x = |\n", "a + a + a", "loop", None),
        ("def f():|\n", "\n    a()\n    b(1, 1", "loop", "\n    a()"),
        ("x = |\n", "f(a", "length", "f(a)"),
        ("def f(\n    a,\n    |\n):\n    pass\n", "b):", "stop", "b"),
    ],
)
def test_a_suggestion_closes_what_it_opens(text: str, written: str, reason: str, shown: str | None) -> None:
    gap = Gap.of(at_mark(text), None)
    query = query_for(gap, Settings())
    answer = asyncio.run(complete(gap, ScriptedBackend(written, reason=reason).complete(query), Settings()))
    assert (answer.suggestion and answer.suggestion.text) == shown


def test_a_text_that_still_grows_may_have_open_brackets() -> None:
    gap = Gap.of(at_mark("x = |\n"), None)
    assert fit(gap, "f( a, [ b", Settings(), whole=False) == Suggestion("f( a, [ b", 0, 4, 4)
    assert fit(gap, "f( a, [ b", Settings()) == Suggestion("f( a, [ b])", 0, 4, 4)
