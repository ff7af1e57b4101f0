import pytest
from hypothesis import given
from hypothesis import strategies as st

from mellum_ls.lsp_server.rules.closers import model_rest, written_closers


@pytest.mark.parametrize("after", ["", "  ", ")", '")', "):", "]);  ", "}`"])
def test_closers_are_not_for_the_model(after: str) -> None:
    assert model_rest(after) == ""


@pytest.mark.parametrize("after", [") + 1", ", other)", "x", "# )"])
def test_anything_else_is(after: str) -> None:
    assert model_rest(after) == after


CASES = [
    # It goes on behind the closer that stands there already.
    ("f(", "a) + 1", ")", 1),
    ("f(g(", "a) + 1", "))", 1),
    ("f(g(", "a)) + 1", "))", 2),
    ("x[", "0].name", "]", 1),
    ('s = "', 'a" + b', '"', 1),
    ('f("', 'a").g(', '")', 2),
    ("f('", "it\\'s') + 1", "')", 2),
    ('d = """', 'a "quoted" word""" + x', '"""', 3),
    ("f(", "a) + 1", " )", 2),
    ("def f(", "self) -> int:", "):", 2),
    ("def f(", "self) -> int:\n    return 1", "):", 2),
    ("f(", "x).g();", ");", 2),
    ("f(", "x).g()", ");", 1),
    ("Vec<", "u8> = Vec::new();", ">", 1),
    ("Map<u8, Vec<", "u8>> = f();", ">>", 2),
    ("Vec<", "Option<u8>> = f();", ">", 1),
    ("<p", " class=a>text</p>", ">", 1),
    ("f::<", "fn(u8) -> u8>(x)", ">", 1),
    # It has several lines.
    ("f(", "\n    a,\n    b,\n)", ")", 1),
    ("def f(", "a):\n    return a", "):", 2),
    ("if (x) {", "\n    y();\n}", "}", 1),
    # It ends with them, which is another rule's business.
    ("f(", "a)", ")", 0),
    ("f(", "a) ", ")", 0),
    ("def f(", "self):", "):", 0),
    ('s = "', 'a"', '"', 0),
    # Its closers are its own.
    ("f(", "g(a) + 1", ")", 0),
    ("f(", "'a)' + 1", ")", 0),
    ("f(", '"a" + b', '"', 0),
    ('s = "', "a) + (b", '"', 0),
    ("f(", "a] + 1", ")", 0),
    ("f(", "[a) + 1", ")", 0),
    ("f(", "a + 1", ")", 0),
    ("f(a, ", "b > c, d", ">", 0),
    ("x<", "a > b", ">", 0),
    ("x<", "a >= b", ">", 0),
    ("x<", "a, || -> b", ">", 0),
    ("f(", "a) + 1", "", 0),
    ("f(", "", ")", 0),
    ("# don't ", "x) + 1", ")", 0),
]


@pytest.mark.parametrize(("before", "text", "after", "taken"), CASES)
def test_closers_that_a_suggestion_writes(before: str, text: str, after: str, taken: int) -> None:
    assert written_closers(before, text, after) == taken


code = st.text(alphabet=st.sampled_from("ab ()[]{}\"'\\:,\n"), max_size=20)
line = st.text(alphabet=st.sampled_from("ab ([{\"'\\"), max_size=10)
closers = st.text(alphabet=st.sampled_from(")]}\"':, "), max_size=6)


@given(line, code, closers)
def test_what_is_replaced_stands_in_the_text_in_the_same_order(before: str, text: str, after: str) -> None:
    taken = written_closers(before, text, after)
    assert 0 <= taken <= len(after)
    place = 0
    for closer in after[:taken].replace(" ", ""):
        place = text.index(closer, place) + 1


@given(st.text("ab .+", min_size=1).filter(str.strip), st.text("([{", min_size=1, max_size=5))
def test_closing_all_that_is_open_and_going_on_replaces_all_closers(inner: str, openers: str) -> None:
    closing = openers[::-1].translate(str.maketrans("([{", ")]}"))
    assert written_closers(openers, inner + closing + " + b", closing) == len(closing)
    assert written_closers(openers, inner + closing, closing) == 0
