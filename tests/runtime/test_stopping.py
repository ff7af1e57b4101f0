from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mellum_ls.runtime.stopping import Brackets, LineRule, StopKind, StopReason, StopRule, columns, make_rule


def run(kind: StopKind, prefix: str, text: str, size: int = 1) -> tuple[str, bool]:
    """Feed the text in pieces of `size`; return what was shown and whether the rule stopped before its end."""
    shown, reason, early = feed(make_rule(kind, prefix), [text[i : i + size] for i in range(0, len(text), size)])
    assert not early or reason == kind
    return shown, early


def feed(rule: StopRule, pieces: list[str]) -> tuple[str, StopReason | None, bool]:
    """What is shown of the pieces, the rule that ended it, and whether that was before the end of the text."""
    shown = ""
    for piece in pieces:
        shown += rule.push(piece)
        if rule.stopped:
            assert rule.push("more") == rule.finish() == ""
            return shown, rule.reason, True
    shown += rule.finish()
    assert rule.stopped == (rule.reason is not None)
    return shown, rule.reason, False


@pytest.mark.parametrize("size", [1, 3, 1000])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    ("text", "shown", "stopped"),
    [
        ("return x{end}more", "return x", True),
        ("{end}    return x{end}", "{end}    return x", True),
        ("{end}{end}  y = 1", "{end}{end}  y = 1", False),
        (" + 1", " + 1", False),
        ("   ", "", False),
        ("{end}{end}", "", False),
        ("", "", False),
    ],
)
def test_line(text: str, shown: str, stopped: bool, end: str, size: int) -> None:
    assert run("line", "x = ", text.format(end=end), size) == (shown.format(end=end), stopped)


def test_line_shows_text_as_soon_as_it_is_safe() -> None:
    rule = LineRule()
    assert [rule.push(piece) for piece in ("\n  ", "a", " = ", "1\nb")] == ["", "\n  a", " = ", "1"]
    assert rule.stopped
    assert rule.push("more") == ""


FUNCTION = "class A:\n    def f(self):\n        "
BLOCKS = {
    "a line indented less": (
        FUNCTION,
        "x = 1\n        return x\n    def g(self):\n",
        "x = 1\n        return x",
    ),
    "blank lines before a dedent": (FUNCTION, "return x\n\n    def g(self):\n", "return x"),
    "blank lines inside stay": (
        FUNCTION,
        "x = 1\n\n        return x\n\n\nB = 2",
        "x = 1\n\n        return x",
    ),
    "the body of a def": ("def f():", "\n    return 1\nx = f()\n", "\n    return 1"),
    "the body of a def at top level": (
        "def f():",
        "\n    return 1\n\n\ndef g():\n    pass\n",
        "\n    return 1",
    ),
    "else belongs to if": (
        "if a:",
        "\n    b()\nelse:\n    c()\nd()\n",
        "\n    b()\nelse:\n    c()",
    ),
    "a word that begins like else": ("if a:", "\n    b()\nelsewhere()\n", "\n    b()"),
    "an empty line at the start": ("    x = 1\n", "    y = 2\n    z = 3\nq()\n", "    y = 2\n    z = 3"),
    "the closing bracket of another": (FUNCTION + "call(a", ", b)) + c\n", ", b)"),
    "a bracket of an earlier line": (
        "f(\n    [\n        ",
        "1,\n        2\n    ],\n    3\n)\n",
        "1,\n        2",
    ),
    "brackets in quotes": (
        "    ",
        "print(')', \"(\", '\\'(')\n    b()\nc()\n",
        "print(')', \"(\", '\\'(')\n    b()",
    ),
    "the brackets of the line": (
        "const f = () => {",
        "\n  return 1;\n};\nconst g = 2;\n",
        "\n  return 1;\n};",
    ),
    "one line": ("foo(", "a, b)\nbar()\n", "a, b)\nbar()"),
    "lines inside own brackets": ("    x = ", "[\n1,\n2]\n    y\nz", "[\n1,\n2]\n    y"),
    "windows line ends": ("def f():\r\n    ", "return 1\r\n\r\n\r\ndef g():\r\n", "return 1"),
    "tabs": ("func f() {\n\t", "a()\n\tb()\n}\n", "a()\n\tb()"),
    "nothing but white space": ("    ", "\n\n   \n", ""),
}


@pytest.mark.parametrize("size", [1, 2, 5, 1000])
@pytest.mark.parametrize("name", BLOCKS)
def test_block(name: str, size: int) -> None:
    prefix, text, shown = BLOCKS[name]
    assert run("block", prefix, text, size)[0] == shown


def test_block_stops_the_model_at_the_block_and_not_later() -> None:
    assert run("block", "def f():", "\n    return 1\nx")[1] is False, "x may still become a longer word"
    assert run("block", "def f():", "\n    return 1\nx ")[1] is True


def test_none_shows_everything() -> None:
    assert run("none", "x", "a\n\n b\n") == ("a\n\n b\n", False)


ENDS: dict[str, tuple[StopKind, str, str, str, str, StopReason | None]] = {
    "the line": ("line", "x = ", "\n", "1\n", "1", "line"),
    "an echo of the next line": ("line", "", "\nreturn total\n", "return total\n", "", "echo"),
    "an echo at the end of a block": (
        "block",
        "if a:\n    ",
        "\n    last_of_all()\n",
        "b()\n    last_of_all()\n    c",
        "b()",
        "echo",
    ),
    "a loop in a line": ("line", "x = ", "\n", "[a, b, c, a, b, c, a, b, c, a", "[a, b, c,", "loop"),
    "a loop inside a block": ("block", "def f():", "", "\n    a()\n    a()\n    a()\n    a()", "\n    a()", "loop"),
    "the end of the text": ("block", "def f():", "", "\n    return 1", "\n    return 1", None),
    "a loop after the end of the line": ("line", "", "", "x\na a a a a a a", "x", "line"),
    "no rule for raw text": (
        "none",
        "",
        "\nreturn total\n",
        "return total\na a a a a",
        "return total\na a a a a",
        None,
    ),
}


@pytest.mark.parametrize("size", [1, 3, 1000])
@pytest.mark.parametrize("name", ENDS)
def test_the_first_rule_that_applies_ends_the_text_and_is_named(name: str, size: int) -> None:
    kind, prefix, suffix, text, shown, reason = ENDS[name]
    pieces = [text[i : i + size] for i in range(0, len(text), size)]
    assert feed(make_rule(kind, prefix, suffix), pieces)[:2] == (shown, reason)


TEXT = st.lists(
    st.sampled_from(["a", "bb", " ", "\n", "\r\n", "    ", "(", ")", "'", ":", "a, ", "a()\n", "\r"]), max_size=30
)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.sampled_from(("line", "block", "none")), TEXT, TEXT, TEXT, st.randoms(use_true_random=False))
def test_how_the_text_is_cut_into_pieces_does_not_matter(
    kind: StopKind, before: list[str], after: list[str], written: list[str], rng: Random
) -> None:
    prefix, suffix, text = "".join(before), "".join(after), "".join(written)
    cuts = sorted(rng.sample(range(len(text) + 1), min(len(text), rng.randrange(8))))
    pieces = [text[i:j] for i, j in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    shown, reason, _ = feed(make_rule(kind, prefix, suffix), pieces)
    assert text.startswith(shown)
    assert (shown, reason) == feed(make_rule(kind, prefix, suffix), [text])[:2]
    assert (shown, reason) == feed(make_rule(kind, prefix, suffix), list(text))[:2]


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    st.sampled_from(("line", "block", "none")),
    st.text("ab \n\r\t()[]{}'\"\\:,", max_size=20),
    st.text("ab \n\r\t()[]{}'\"\\:,", max_size=40),
    st.integers(1, 7),
)
def test_pieces_do_not_matter_and_nothing_is_invented(kind: StopKind, prefix: str, text: str, size: int) -> None:
    shown, stopped = run(kind, prefix, text, size)
    assert text.startswith(shown)
    assert (shown, stopped) == run(kind, prefix, text, 1000)
    if kind == "line":
        assert not set("\r\n") & set(shown.strip())


def test_columns_count_tabs() -> None:
    assert [columns(line) for line in ("x", "  x", "\tx", "  \tx", "   ")] == [0, 2, 4, 4, 3]


@given(st.text("a \n\r\\\"'`()[]{}é"), st.text("a \n\\\"'`()[]{}"))
def test_brackets_of_a_text_are_those_of_its_characters(text: str, rest: str) -> None:
    at_once, one_by_one = Brackets(), Brackets()
    at_once.read(text)
    for char in text:
        one_by_one.fits(char)
    assert at_once == one_by_one
    at_once.read(rest)
    for char in rest:
        one_by_one.fits(char)
    assert at_once == one_by_one
