from hypothesis import given
from hypothesis import strategies as st

from mellum_ls.context.selection.live import Documents, Parsed
from mellum_ls.context.selection.place import Place

TEXT = "from a import b\n\n\nclass C(b):\n    def f(self):\n        return helper(self)\n"


def parsed(path: str, text: str, line: int, language_id: str = "") -> Parsed:
    return Documents().parsed(Place(path, text, line, language_id=language_id))


def test_a_program_is_read_by_its_grammar() -> None:
    found = parsed("x.py", TEXT, 5)
    assert found.grammar == "python"
    assert [symbol.name for symbol in found.symbols] == ["C", "f"]
    assert [statement.module for statement in found.imports] == ["a"]
    assert "helper" in {use.name for use in found.uses}


def test_the_editor_knows_the_language_better_than_the_name() -> None:
    assert parsed("noending", TEXT, 5, "python").grammar == "python"


def test_uses_are_those_around_the_line() -> None:
    text = "near()\n" + "\n" * 900 + "far()\n"
    documents = Documents()
    assert [use.name for use in documents.parsed(Place("x.py", text, 0)).uses] == ["near"]
    assert [use.name for use in documents.parsed(Place("x.py", text, 900)).uses] == ["far"]


def test_a_text_of_no_language_is_read_as_words_around_the_line() -> None:
    far = "\n" * 900 + "far away"
    found = parsed("x.unknown", "total price\n" + far, 0)
    assert [(use.name, use.line) for use in found.uses] == [("total", 0), ("price", 0)]
    assert found.symbols == ()


def test_a_document_too_large_to_parse_is_read_as_words() -> None:
    found = parsed("x.py", "total = price\n" * 40_000, 20_000)
    assert found.symbols == ()
    assert {use.name for use in found.uses} == {"total", "price"}


@given(
    st.lists(st.tuples(st.sampled_from(["a.py", "b.py"]), st.integers(0, len(TEXT)), st.text(max_size=5)), max_size=8)
)
def test_after_any_edits_a_document_says_what_it_would_from_scratch(edits: list[tuple[str, int, str]]) -> None:
    documents = Documents()
    for path, at, new in edits:
        text = TEXT[:at] + new + TEXT[at + len(new) :]
        assert documents.parsed(Place(path, text, 3)) == parsed(path, text, 3)


@given(st.text(max_size=200), st.integers(0, 30), st.sampled_from(["a.py", "a.ts", "a.txt", "a.go"]))
def test_nothing_raises(text: str, line: int, path: str) -> None:
    parsed(path, text, line)
