from hypothesis import given
from hypothesis import strategies as st

from mellum_ls.context.selection.live import parsed

TEXT = "from a import b\n\n\nclass C(b):\n    def f(self):\n        return helper(self)\n"


def test_a_program_is_read_by_its_grammar() -> None:
    found = parsed("x.py", TEXT, 5)
    assert found.grammar == "python"
    assert [symbol.name for symbol in found.symbols] == ["C", "f"]
    assert [statement.module for statement in found.imports] == ["a"]
    assert "helper" in {use.name for use in found.uses}


def test_the_editor_knows_the_language_better_than_the_name() -> None:
    assert parsed("noending", TEXT, 5, "python").grammar == "python"


def test_a_text_of_no_language_is_read_as_words_around_the_line() -> None:
    far = "\n" * 900 + "far away"
    found = parsed("x.unknown", "total price\n" + far, 0)
    assert [(use.name, use.line) for use in found.uses] == [("total", 0), ("price", 0)]
    assert found.symbols == ()


@given(st.text(max_size=200), st.integers(0, 30), st.sampled_from(["a.py", "a.ts", "a.txt", "a.go"]))
def test_nothing_raises(text: str, line: int, path: str) -> None:
    parsed(path, text, line)
