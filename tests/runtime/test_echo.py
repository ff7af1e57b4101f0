"""Echoes of the text behind the cursor, and lines that only look like one."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mellum_ls.runtime.echo import EchoRule


def run(before: str, after: str, pieces: list[str]) -> tuple[str, bool]:
    """What is shown, and whether it ended as an echo."""
    rule = EchoRule(before, after)
    shown = ""
    for piece in pieces:
        shown += rule.push(piece)
        if rule.stopped:
            break
    shown += rule.finish()
    assert rule.reason == ("echo" if rule.stopped else None)
    return shown, rule.stopped


CASES = {
    "the next line": ("    ", "\n    total += value\n", "total += value", "", True),
    "the next line after a blank one": ("    ", "\n\n    total += value\n", "total += value", "", True),
    "the next line after another": ("", "\ncall(b)\n", "call(a)\ncall(b)\ncall(c)", "call(a)", True),
    "a line of which the user typed half": ("    self.", "\n    self.run()\n", "run()", "", True),
    "the same words at another depth": (
        "        ",
        "\n    total += value\n",
        "total += value",
        "total += value",
        False,
    ),
    "only the beginning of the next line": ("", "\ncall(b)\n", "call(b) + 1", "call(b) + 1", False),
    "a short line": ("    ", "\n    else:\n    go()\n", "else:\n    stay()", "else:\n    stay()", False),
    "a short line and the one after it": ("    ", "\n    else:\n    go()\n", "else:\n    go()\n    x", "", True),
    "a short line at the end": ("    ", "\n    else:\n    go()\n", "else:", "else:", False),
    "closing brackets": ("", "\n)\n", ")", ")", False),
    "the rest of the line": ("f(", ", other)\n", "a, other)", "a", True),
    "the rest of the line and blanks": ("x = ", " + other\n", "a + other  ", "a", True),
    "the rest of the line inside": ("x = ", " + other\n", "a + other + b", "a + other + b", False),
    "half of the rest of the line": ("x = ", " + other\n", "a + oth", "a + oth", False),
    "closers behind the cursor": ("f(", ")):\n", "a)):", "a)):", False),
    "a line that was finished before the cursor": ("    run(it)", "\n    run(it)\n", "\n    b()", "\n    b()", False),
    "windows line ends": ("", "\r\ncall(b)\r\n", "call(a)\r\ncall(b)\r\n", "call(a)", True),
    "nothing behind": ("x = ", "", "1\ny", "1\ny", False),
    "nothing at all": ("", "\nx = 1\n", "", "", False),
}


@pytest.mark.parametrize("size", [1, 4, 1000])
@pytest.mark.parametrize("name", CASES)
def test_echo(name: str, size: int) -> None:
    before, after, text, shown, stopped = CASES[name]
    assert run(before, after, [text[i : i + size] for i in range(0, len(text), size)]) == (shown, stopped)


def test_other_text_is_shown_as_soon_as_it_differs() -> None:
    rule = EchoRule("", " # end\ntotal = 1\n")
    assert [rule.push(piece) for piece in ("to", "tal", " = 2", " #", "x")] == ["", "", "total = 2", "", " #x"]


@settings(max_examples=400, deadline=None, derandomize=True)
@given(
    st.text("ab (\n", max_size=6),
    st.text("ab +(\n\r", max_size=30),
    st.integers(0, 30),
    st.text("ab +(\n\r", max_size=20),
    st.randoms(use_true_random=False),
)
def test_pieces_do_not_matter(before: str, after: str, copied: int, more: str, rng: Random) -> None:
    text = after[after.find("\n") + 1 :][:copied] + more
    pieces: list[str] = []
    rest = text
    while rest:
        size = rng.randrange(1, 6)
        pieces.append(rest[:size])
        rest = rest[size:]
    shown, stopped = run(before, after, pieces)
    assert text.startswith(shown)
    assert stopped or shown == text
    assert (shown, stopped) == run(before, after, [text])


LINES = st.text("abc (=+", min_size=8, max_size=20).filter(
    lambda line: line.strip()[:1].isalpha() and len(line.strip()) > 7
)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    LINES,
    st.sampled_from(["", "    ", "\t"]),
    st.lists(st.sampled_from(["x = 1", "y", ")"]), max_size=3),
    st.booleans(),
)
def test_a_copy_of_the_next_line_is_never_shown(line: str, indent: str, first: list[str], ended: bool) -> None:
    """Wherever in the completion it comes, and whether or not more follows."""
    line = line.strip()
    text = "".join(f"{own}\n{indent}" for own in first) + line + ("\nz" if ended else "")
    shown, stopped = run(indent, f"\n{indent}{line}\n", list(text))
    assert stopped
    assert shown == f"\n{indent}".join(first)
