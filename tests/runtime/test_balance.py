"""Brackets and quotes of one-line suggestions: what is shown, mended or hidden, in several languages."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mellum_ls.runtime.balance import AFTER_CHARS, BEFORE_CHARS, CLOSERS, OPENERS, Fault, find_fault, marks, settle


def settled(document: str) -> str | None:
    """The suggestion in ⟦⟧ as it is shown in the document."""
    before, _, rest = document.partition("⟦")
    text, _, after = rest.partition("⟧")
    return settle(before, text, after)


SHOWN = {
    "nothing opened": "x = ⟦y + 1⟧\n",
    "opened and closed": "x = ⟦f(a[1], {2: 3})⟧\n",
    "closed by the rest of the line": "x = f(⟦g(a)⟧)\n",
    "closed by the next line": "f(\n    ⟦a,⟧\n)\n",
    "opened for the lines below": "    x = ⟦f(⟧\n        a,\n    )\n",
    "closes what an earlier line opened": "f(\n    a,\n    ⟦b)⟧\ng()\n",
    "a call that is being written over several lines": "def f():\n    g(\n        ⟦a,⟧\n    return 1\n",
    "at the end of the document": "x = f(\n    ⟦a,⟧",
    "brackets in a string": "x = ⟦':-('⟧\n",
    "brackets in a comment": "x = 1  # ⟦see (a⟧\ny = 2\n",
    "inside a docstring": 'def f():\n    """Adds (\n    ⟦two :)⟧\n    """\n    return 1\n',
    "an apostrophe in a word": "# ⟦it's\u2026⟧\nx = 1\n",
    "an escaped quote": "x = ⟦'it\\'s'⟧\n",
    "a docstring on one line": 'def f():\n    ⟦"""Return (x."""⟧\n    return 1\n',
    "the end of a docstring": 'def f():\n    """Return x.\n    ⟦"""⟧\n    return 1\n',
    "a block in braces": "function f() {\n  ⟦if (x) {⟧\n    g();\n  }\n}\n",
    "a block not written yet": "function f() {\n  ⟦for (const a of b) {⟧\n}\n\ng();\n",
    "a callback not written yet": "⟦f(() => {⟧\ng();\n",
    "a block at the end": "⟦export function f(a: string) {⟧",
    "a namespace": "⟦namespace a {⟧\nint x;\n}\n",
    "a switch": "  switch (x) ⟦{⟧\n  case 1:\n    break;\n  }\n",
    "a head over two lines": "    int f(int a,\n          ⟦int b) {⟧\n      return a;\n    }\n",
    "a lifetime": "impl⟦<'a> Reader<'a> {⟧\n    fn f() {}\n}\n",
    "a template over several lines": "const a = ⟦`one⟧\n  two`;\n",
    "floor division": "x = ⟦(a // b)⟧\n",
    "a bytes literal": "x = ⟦rb'('⟧\n",
    "a comment over several lines": "/* don't ( */\nint x = ⟦f(1);⟧\n",
}


@pytest.mark.parametrize("name", SHOWN)
def test_what_fits_is_left_alone(name: str) -> None:
    document = SHOWN[name]
    assert settled(document) == document.partition("⟦")[2].partition("⟧")[0]


MENDED = {
    "a bracket of the line": ("    return a[⟦key⟧\n\n    x = 1\n", "key]"),
    "two brackets": ("x = f(g(⟦a⟧\ny = 1\n", "a))"),
    "a bracket of the suggestion": ("x = ⟦f(a, b⟧\ny = 1\n", "f(a, b)"),
    "one of two is there": ("x = f(⟦[1, 2⟧)\n", "[1, 2]"),
    "the end of the document": ("x = f(⟦a⟧", "a)"),
    "a call without arguments": ("    ⟦raise NotImplementedError(⟧\n", "raise NotImplementedError"),
    "a call that is cut off": ("x = ⟦f(1) + g(2,⟧\ny = 1\n", "f(1) + g"),
    "a closer that is there": ("f(\n    a,\n    ⟦b)⟧\n)\n", "b"),
    "two closers that are there": ("f(g(\n    ⟦b))⟧\n))\n", "b"),
    "a closer on the same line": ("f(⟦b)⟧)\n", "b"),
}


@pytest.mark.parametrize("name", MENDED)
def test_what_can_be_mended_is(name: str) -> None:
    document, shown = MENDED[name]
    assert settled(document) == shown


HIDDEN = {
    "an import that goes on": "⟦from a import (⟧\nimport b\n",
    "a list that goes on": "x = ⟦[⟧\ny = 1\n",
    "ends in the middle of an expression": "x = f(⟦a +⟧\ny = 1\n",
    "a string that goes on": "x = ⟦'a⟧\ny = 1\n",
    "a docstring that is never closed": 'def f():\n    ⟦"""⟧\n    return 1\n',
    "the end of a docstring that goes on": 'def f():\n    """Add.\n    ⟦"""⟧\n    Two.\n    """\n',
    "the wrong bracket": "x = f(⟦a]⟧\ny = 1\n",
    "closes too many in the middle": "x = ⟦f(a)) + 1⟧\n",
    "the lines below close what nothing opens": "    ⟦x = f(a)⟧\n        b,\n    )\n",
    "the lines below are a block": "def f(⟦a⟧\n    return a\n",
    "a bracket that the bracket of an outer line would close": "x = [\n    ⟦[⟧\n]\n\n\ndef f():\n    pass\n",
    "a brace in the middle of a line": "f(⟦a, {⟧ + b)\ng();\n",
}


@pytest.mark.parametrize("name", HIDDEN)
def test_what_cannot_be_mended_is_not_shown(name: str) -> None:
    assert settled(HIDDEN[name]) is None


def test_long_documents_are_judged_by_the_text_around() -> None:
    """What is far away makes no difference: neither an unclosed bracket nor a docstring in which it stands."""
    statement = "def f(a):\n    return [a]\n\n\n"
    far = "x = (\n" + statement * (BEFORE_CHARS // len(statement) + 1)
    assert settle(far + "y = f(", "a)", "\n" + statement * (AFTER_CHARS // len(statement) + 1) + ")") == "a)"
    assert settle(far + "y = f(", "a", "\n" + statement * (AFTER_CHARS // len(statement) + 1)) == "a)"
    prose = '"""\n' + "It's (not code\n" * (BEFORE_CHARS // 15 + 2) + '"""\n'
    assert settle(prose + "y = f(", "a", "\n") == "a)"
    assert settle(prose[: -len('"""\n')], "(still prose", '\n"""\n') == "(still prose"


def test_faults_name_what_is_missing() -> None:
    assert find_fault("f([", "1", "\nx = 1\n") == Fault("])")
    assert find_fault("f(", "1))", "\nx = 1\n") == Fault("")
    assert find_fault(BEFORE_CHARS * "a\n" + "f(", "1))", "\nx = 1\n") is None, "what is far above may be open"
    assert find_fault("f(\n", "    1)", "\n)\n") == Fault("")


def test_marks_leave_out_quotes_and_comments() -> None:
    text = "f('(', \"[\") # {\n/* ( */ g`(`\n'open\nx]"
    assert "".join(mark for _, mark in marks(text)) == "()\n\n'\n]"
    assert list(marks('(""")', '"""')) == [(4, ")")]


code = st.text(alphabet="ab ()[]{}\"'#/\\:,\n=", max_size=40)
line = st.text(alphabet="ab ()[]{}\"'#/\\:,=", max_size=20)


@settings(max_examples=500, deadline=None, derandomize=True)
@given(code, line, code)
def test_what_is_shown_fits_and_is_mended_only_at_its_end(before: str, text: str, after: str) -> None:
    shown = settle(before, text, after)
    if shown is None:
        assert find_fault(before, text, after) is not None
        return
    assert find_fault(before, shown, after) is None
    assert shown == text or shown.strip()
    assert text.startswith(shown) or set(shown.removeprefix(text.rstrip())) <= CLOSERS


nested = st.recursive(
    st.sampled_from(["a", "b.c", "'('", '"]"', "1"]),
    lambda inner: st.builds(
        lambda opener, parts: opener + ", ".join(parts) + OPENERS[opener],
        st.sampled_from("([{"),
        st.lists(inner, max_size=3),
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(nested, st.data(), st.sampled_from(["", "x = 1\n", "if x:\n    pass\n"]), st.booleans())
def test_the_rest_of_a_good_line_is_always_shown_and_one_bracket_less_never(
    expression: str, data: st.DataObject, below: str, end: bool
) -> None:
    statement = f"total = f({expression})"
    cut = data.draw(st.integers(0, len(statement) - 1))
    before, text, after = "import a\n" + statement[:cut], statement[cut:], "" if end else "\n" + below
    if statement[:cut].count("'") % 2 == statement[:cut].count('"') % 2 == 0:
        assert settle(before, text, after) == text
        assert find_fault(before, text[:-1], after) == Fault(")")
