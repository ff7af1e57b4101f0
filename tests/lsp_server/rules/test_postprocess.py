import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mellum_ls.lsp_server.rules.postprocess import (
    Fitted,
    Surroundings,
    balance,
    cap,
    drop_copies_of_above,
    drop_looping_line,
    drop_repeated_tail,
    drop_unfinished_line,
    finish,
    fit_line_rest,
    strip_doubled_blank,
    strip_trailing,
)


@pytest.mark.parametrize(
    ("text", "after", "fitted"),
    [
        ("a, b)", ")", Fitted("a, b")),
        ("bar(x)", ")", Fitted("bar(x)")),
        ("bar(x))", ")", Fitted("bar(x)")),
        ("self, x):", "):", Fitted("self, x")),
        ('hello"', '"', Fitted("hello")),
        ('a")', '")', Fitted("a")),
        ("x]", "]", Fitted("x")),
        ("x[0]", "]", Fitted("x[0]")),
        ("a: 1}", "}", Fitted("a: 1")),
        ("1;", ";", Fitted("1")),
        ("value + other", " + other", Fitted("value")),
        ("value", " + other", Fitted("value")),
        ("name", "", Fitted("name")),
        ("name", "   ", Fitted("name")),
        (" x\n    y", "   ", Fitted(" x\n    y", 3)),
        ("self):\n    return 1", "):", Fitted("self):\n    return 1", 2)),
        ("self\n    return 1", "):", Fitted("self")),
        ("):\n    return 1", "):", Fitted("")),
    ],
)
def test_nothing_stands_twice_on_the_line(text: str, after: str, fitted: Fitted) -> None:
    assert fit_line_rest(text, after) == fitted


@pytest.mark.parametrize(
    ("text", "below", "kept"),
    [
        ("x = 1\ny = 2", ("y = 2", "z = 3"), "x = 1"),
        ("x = 1\ny = 2\nz = 3", ("y = 2", "z = 3"), "x = 1"),
        ("x = 1\ny = 2", ("", "y = 2"), "x = 1"),
        ("f(\n    1\n)", (")",), "f(\n    1"),
        ("x = 1", ("x = 1",), "x = 1"),
        ("x = 1\ny = 2", ("    y = 2",), "x = 1\ny = 2"),
        ("x", (), "x"),
        ("f(\n    1\n);", (")",), "f(\n    1"),
        ("f(\n    1\n}", (")",), "f(\n    1\n}"),
    ],
)
def test_tail_that_follows_anyway_is_dropped(text: str, below: tuple[str, ...], kept: str) -> None:
    assert drop_repeated_tail(text, below) == kept


@pytest.mark.parametrize(
    ("text", "before", "below", "kept"),
    [
        ("return x", "    ", ("    return x",), ""),
        ("    return x", "", ("    return x",), ""),
        ("return x", "    ", ("  return x",), "return x"),
        ("turn x", "    re", ("    return x",), "turn x"),
        ("pass", "    ", ("    pass",), "pass"),
        ("else:\n    g()", "", ("else:", "    g()"), ""),
    ],
)
def test_a_whole_text_that_follows_anyway_is_dropped(text: str, before: str, below: tuple[str, ...], kept: str) -> None:
    assert drop_repeated_tail(text, below, before) == kept


@pytest.mark.parametrize(
    ("text", "before", "above", "kept"),
    [
        ("a()", "", ("a()", "a()"), ""),
        ("a()", "", ("a()",), "a()"),
        ("a()\na()", "", ("a()",), "a()"),
        ("b()\na()", "", ("a()", "a()"), "b()\na()"),
        ("  a()", "", ("a()", "a()"), "  a()"),
        ("()", "a", ("a()", "a()"), "()"),
        ("()\na()\na()", "a", ("b()",), "()\na()"),
        ("}", "", ("}", "}"), "}"),
        ("x = one()\ny = two()\nz", "", ("x = one()", "y = two()"), "x = one()\ny = two()\nz"),
        ("first = one()\nsecond = two()\nz", "", ("first = one()", "second = two()"), ""),
        ("first = one()\n\nsecond = two()", "", ("z", "first = one()", "second = two()"), ""),
        ("first = one()\nthird = two()", "", ("first = one()", "second = two()"), "first = one()\nthird = two()"),
        (" = one()\nsecond = two()", "first", ("first = one()", "second = two()"), " = one()\nsecond = two()"),
    ],
)
def test_what_stands_above_is_not_written_again(text: str, before: str, above: tuple[str, ...], kept: str) -> None:
    assert drop_copies_of_above(text, before, above) == kept


@pytest.mark.parametrize(
    ("text", "before", "previous", "unit", "kept"),
    [
        ("    return 1", "    ", "def f():", "    ", "return 1"),
        ("    return 1", "    ", "    def f():", "    ", "    return 1"),
        ("        return 1", "    ", "    def f():", "    ", "    return 1"),
        ("  return 1", "  ", "def f():", "    ", "  return 1"),
        ("\treturn 1", "", "func f() {", "\t", "\treturn 1"),
        ("\t\treturn 1", "\t", "\tif x {", "\t", "\treturn 1"),
    ],
)
def test_blanks_up_to_the_blocks_indent_stay(text: str, before: str, previous: str, unit: str, kept: str) -> None:
    assert strip_doubled_blank(text, before, previous, unit) == kept


@pytest.mark.parametrize(
    ("text", "before", "previous", "kept"),
    [
        ("    return 1", "    ", "x = 1", "return 1"),
        ("    return 1", "    ", "def f():", "return 1"),
        ("    return 1", "    ", "    def f(self):", "    return 1"),
        ("\treturn 1", "\t", "func f() {", "return 1"),
        (" 1", "x = ", "", "1"),
        (" 1", "x =", "", " 1"),
        ("\n    pass", "    ", "", "\n    pass"),
    ],
)
def test_blanks_before_the_cursor_are_not_doubled(text: str, before: str, previous: str, kept: str) -> None:
    assert strip_doubled_blank(text, before, previous) == kept


def test_cap_keeps_whole_lines() -> None:
    assert cap("a\nb\nc", 2) == "a\nb"
    assert cap("aaaa\nbbbb", 9, max_chars=6) == "aaaa"
    assert cap("aaaaaa", 9, max_chars=3) == "aaa"


@pytest.mark.parametrize(
    ("text", "kept"),
    [("a\nb\nc", "a\nb"), ("a\n", "a"), ("abc", "abc"), ("\n    abc", "\n    abc"), ("", "")],
)
def test_a_line_that_was_cut_off_goes_when_others_stay(text: str, kept: str) -> None:
    assert drop_unfinished_line(text) == kept


@pytest.mark.parametrize(("text", "kept"), [("a()\nb(1, 1,", "a()"), ("b(1, 1,", ""), ("\n    b(1, 1,", "")])
def test_the_line_in_which_a_text_began_to_repeat_itself_goes(text: str, kept: str) -> None:
    assert drop_looping_line(text) == kept


@pytest.mark.parametrize(
    ("fitted", "after", "balanced"),
    [
        (Fitted("g(a)"), ")\n", Fitted("g(a)")),
        (Fitted("g(a"), ")\n", Fitted("g(a)")),
        (Fitted("g(a"), "\nx = 1\n", Fitted("g(a))")),
        (Fitted("g(a, b)", 1), ")\nx = 1\n", Fitted("g(a, b))", 1)),
        (Fitted("[a +"), ")\n", None),
        (Fitted("g(\n    a"), ")\n", Fitted("g(\n    a")),
    ],
)
def test_brackets_of_one_line_are_balanced(fitted: Fitted, after: str, balanced: Fitted | None) -> None:
    assert balance(fitted, "x = f(", after) == balanced


def test_trailing_blanks_go() -> None:
    assert strip_trailing("a  \n\n\tb\t\n\n") == "a\n\n\tb"


@pytest.mark.parametrize("text", ["", " ", "\n\n", "\t\n ", ")"])
def test_nothing_worth_showing_is_none(text: str) -> None:
    assert finish(text, Surroundings("f(", ")"), 9) is None


def test_documents_with_crlf_get_crlf_and_never_a_stray_carriage_return() -> None:
    fitted = finish("x\r\ny\rz", Surroundings("", ""), 9, "\r\n")
    assert fitted == Fitted("x\r\ny\r\nz")


code = st.text(alphabet=st.sampled_from("ab ()[]{}\"':,\n\r\t"), max_size=30)
line = st.text(alphabet=st.sampled_from("ab ()[]{}\"':,\t"), max_size=10)


@given(code, line, line, line, st.integers(1, 4))
@example(": :", "", ":", "", 1)
def test_any_text_ends_clean(text: str, before: str, after: str, below: str, max_lines: int) -> None:
    fitted = finish(text, Surroundings(before, after, "", (below,)), max_lines)
    if fitted is None:
        return
    assert fitted.text.strip()
    assert "\r" not in fitted.text
    assert fitted.text.count("\n") < max_lines
    lines = fitted.text.split("\n")
    if after.strip() and not fitted.replaces:
        # The rest of the line follows the last one: a blank there parts two words.
        lines.pop()
    assert all(part == part.rstrip() for part in lines)
    assert fitted.replaces in (0, len(after))
    assert "\n" not in fitted.text or fitted.replaces == len(after)
