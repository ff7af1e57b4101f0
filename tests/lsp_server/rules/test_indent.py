import pytest
from hypothesis import given
from hypothesis import strategies as st

from mellum_ls.lsp_server.rules.indent import lead_of, open_literal, reindent, unit_of, unit_wanted


@pytest.mark.parametrize(
    ("tab_size", "insert_spaces", "unit"),
    [(4, True, "    "), (2, True, "  "), (8, False, "\t"), (None, False, "\t"), (4, None, ""), (None, True, "")],
)
def test_what_the_client_has_set(tab_size: int | None, insert_spaces: bool | None, unit: str) -> None:
    assert unit_wanted(tab_size, insert_spaces) == unit


@pytest.mark.parametrize("tab_size", [0, -3, 9, 1 << 40])
def test_a_width_that_nobody_indents_by_is_none(tab_size: int) -> None:
    assert unit_wanted(tab_size, True) == ""


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("a\n  b\n", "  "),
        ("a\n    b\n        c\n    d\n", "    "),
        ("a\n\tb\n", "\t"),
        ("a\n\t\tb\n", "\t"),
        ("a\n", ""),
        ("", ""),
        # Eight are mostly arguments put below others, three mostly chance.
        ("a(\n        b)\n", ""),
        ("a\n   b\nc\n", ""),
        ("a\n   b\nc\n   d\ne\n   f\n", "   "),
        # A star below its slash is no step.
        ("/*\n * a\n */\n", ""),
        ("a\n    b\n/*\n * a\n */\n", "    "),
        # Where the lines do not agree they do not tell.
        ("a\n  b\na\n    b\n", ""),
        ("a\n  b\na\n  b\na\n    b\n", "  "),
        ("a\n\n    \n  b\n", "  "),
        ("a\r\n  b\r\n  \r\n", "  "),
    ],
)
def test_the_step_of_a_document(text: str, unit: str) -> None:
    assert unit_of(text.splitlines(keepends=True)) == unit
    assert unit_of(text.splitlines(keepends=True), "x") == (unit or "x")


def test_a_document_in_which_tabs_and_blanks_do_the_same_has_no_step() -> None:
    lines = ["a\n", "    b\n", "\tc\n", "    d\n", "e\n", "    f\n"]
    assert unit_of(lines, "x") == ""


def test_lead() -> None:
    assert [lead_of(line) for line in ("a", " \ta ", "\n", "  ")] == ["", " \t", "", "  "]


@pytest.mark.parametrize(
    ("before", "literal"),
    [("a", ""), ('x = """a', '"""'), ('"""a"""', ""), ("const a = `b", "`"), ("x = '''\na", "'''"), ("it's", "")],
)
def test_open_literals(before: str, literal: str) -> None:
    assert open_literal(before) == literal


@pytest.mark.parametrize(
    ("text", "before", "previous", "unit", "wanted"),
    [
        ("a\n    b", "", "", "\t", "a\n\tb"),
        ("a\n        b", "", "", "\t", "a\n\t\tb"),
        ("a\n  b\n    c", "", "", "\t", "a\n\tb\n\t\tc"),
        ("a\n\t    b", "\t", "", "\t", "a\n\t\tb"),
        ("a\n\tb", "", "", "  ", "a\n  b"),
        ("a\n\t\tb", "", "", "    ", "a\n        b"),
        ("a {\n    b", "", "", "  ", "a {\n  b"),
        ("a {\n  b {\n    c", "", "", "    ", "a {\n    b {\n        c"),
        ("    b", "", "a {", "  ", "  b"),
        # What the user typed stands.
        ("    b", "x", "a {", "\t", "    b"),
        # Neither one below the other, nor steps that differ, nor a place that is indented otherwise itself.
        ("a(b,\n     c)", "", "", "\t", "a(b,\n     c)"),
        ("a(b,\n      c)", "x = ", "", "    ", "a(b,\n      c)"),
        ("a {\n  b {\n      c", "", "", "    ", "a {\n  b {\n      c"),
        ("a\n    b", "    ", "", "\t", "a\n    b"),
        ("a\n    b", "\t", "", "  ", "a\n    b"),
        ("a\n    b", "", "", "", "a\n    b"),
        ("\n", "", "", "\t", "\n"),
    ],
)
def test_steps_of_another_kind_become_the_documents(
    text: str, before: str, previous: str, unit: str, wanted: str
) -> None:
    assert reindent(text, before, previous, unit) == wanted


def test_lines_in_a_literal_stay() -> None:
    text = 'x = """\n    a\n"""\n    b'
    assert reindent(text, "", "", "\t") == 'x = """\n    a\n"""\n\tb'
    assert reindent('    a\n"""\n    b', "", "", "\t", '"""') == '    a\n"""\n\tb'


CODE = st.text(alphabet=st.sampled_from("ab \t:{}\n\"'`"), max_size=40)


@given(
    CODE, st.sampled_from(["", "\t", "  ", "x", "\tx", "  x {"]), st.sampled_from(["", "a {"]), st.sampled_from("\t 4")
)
def test_only_indents_change_and_only_once(text: str, before: str, previous: str, kind: str) -> None:
    unit = "    " if kind == "4" else kind * (2 if kind == " " else 1)
    changed = reindent(text, before, previous, unit)
    assert [line.lstrip(" \t") for line in changed.split("\n")] == [line.lstrip(" \t") for line in text.split("\n")]
    if unit == "\t":
        assert reindent(changed, before, previous, unit) == changed
