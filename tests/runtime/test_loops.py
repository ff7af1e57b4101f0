"""Repetition in lines and in words, and code that repeats for good reasons."""

from random import Random
from string import ascii_lowercase

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mellum_ls.runtime.loops import GROUP_TIMES, LEXEME_PERIODS, LINE_PERIODS, LoopRule


def run(pieces: list[str]) -> tuple[str, bool]:
    """What is shown, and whether it ended as a loop."""
    rule = LoopRule()
    shown = ""
    for piece in pieces:
        shown += rule.push(piece)
        if rule.stopped:
            break
    shown += rule.finish()
    assert rule.reason == ("loop" if rule.stopped else None)
    return shown, rule.stopped


CASES = {
    "a word": ("no no no no no", "no", True),
    "a word three times": ("no no no", "no no no", False),
    "a pair": ("f(a, a, a, a, b)", "f(a,", True),
    "a pair three times": ("f(a, a, a, b)", "f(a, a, a, b)", False),
    "a longer group": ("x.y().z.y().z.y().z.y()", "x.y().z", True),
    "a longer group twice": ("x.y().z.y().w", "x.y().z.y().w", False),
    "a group of other blanks": ("a = 1; a =  1;\na = 1; ", "a = 1;", True),
    "a line": ("x()\nx()\nx()\n", "x()", True),
    "a line twice": ("x()\nx()\ny()\n", "x()\nx()\ny()\n", False),
    "a line at growing depth": ("if a:\n  if a:\n    if a:\n", "if a:", True),
    "two lines": ("go\nx(1)\ny(2)\n\nx(1)\ny(2)\n\nx(1)\ny(2)\n", "go\nx(1)\ny(2)", True),
    "windows line ends": ("x()\r\nx()\r\nx()\r\n", "x()", True),
    "a ruler": ("# " + 60 * "-", "# " + 60 * "-", False),
    "closing brackets": ("f(((((1)))))))))", "f(((((1)))))))))", False),
    "parts of a name": ("x = test_data_test_data_test_data_", "x = test_data_", True),
    "humps of a name": ("getNextNextNextNextNext()", "getNext", True),
    "a name of two like parts": ("x = data_data_data", "x = data_data_data", False),
    "numbers that count": ("f(1)\nf(2)\nf(3)\nf(4)\n", "f(1)\nf(2)\nf(3)\nf(4)\n", False),
    "a word that grows": ("a a a ab", "a a a ab", False),
    "nothing": ("", "", False),
}


@pytest.mark.parametrize("size", [1, 4, 1000])
@pytest.mark.parametrize("name", CASES)
def test_loop(name: str, size: int) -> None:
    text, shown, stopped = CASES[name]
    assert run([text[i : i + size] for i in range(0, len(text), size)]) == (shown, stopped)


@pytest.mark.parametrize("period", [3, 8, 15, LEXEME_PERIODS])
def test_groups_of_words_up_to_the_longest_are_found(period: int) -> None:
    group = " ".join(letter * 2 for letter in ascii_lowercase[:period]) + " "
    assert run([group * GROUP_TIMES]) == (group.strip(), True)
    assert run([group * (GROUP_TIMES - 1)]) == (group * (GROUP_TIMES - 1), False)


@pytest.mark.parametrize("period", range(1, LINE_PERIODS + 1))
def test_groups_of_lines_up_to_the_longest_are_found(period: int) -> None:
    # Too many words to be a group of words.
    words = " ".join(f"w{number}" for number in range(LEXEME_PERIODS))
    group = "".join(f"line{number} {words}\n" for number in range(period))
    assert run([group * GROUP_TIMES]) == (group.strip(), True)


def test_what_cannot_be_a_copy_is_shown_at_once() -> None:
    rule = LoopRule()
    assert [rule.push(piece) for piece in ("al", "pha", "(be", "ta, a", "xe", ")")] == [
        "al",
        "pha",
        "(be",
        "ta,",
        " axe",
        ")",
    ]


@settings(max_examples=500, deadline=None, derandomize=True)
@given(
    st.lists(st.sampled_from(["a", "b", "ab", " ", "\n", "\r\n", "\r", ",", "(", "1", "-"]), max_size=60),
    st.randoms(use_true_random=False),
)
def test_pieces_do_not_matter(parts: list[str], rng: Random) -> None:
    text, pieces = "".join(parts), []
    rest = text
    while rest:
        size = rng.randrange(1, 6)
        pieces.append(rest[:size])
        rest = rest[size:]
    shown, stopped = run(pieces)
    assert text.startswith(shown)
    assert stopped or shown == text
    assert (shown, stopped) == run([text])


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    st.lists(st.sampled_from(["x", "yy", "(", "=", "7"]), min_size=1, max_size=LEXEME_PERIODS),
    st.integers(4, 9),
)
def test_every_loop_ends_and_shows_one_copy_at_most(group: list[str], times: int) -> None:
    copy = " ".join(group) + " "
    shown, stopped = run([copy * times])
    assert stopped == any(lexeme not in "(=" for lexeme in group)
    assert not stopped or len(shown) <= len(copy)
