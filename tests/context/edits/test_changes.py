"""Which words of a hunk took the place of which."""

from __future__ import annotations

from mellum_ls.context.edits.changes import MOST_WORDS, added_names, chained, changed_lines, swaps
from mellum_ls.context.edits.types import Hunk


def hunk(old: str, new: str) -> Hunk:
    return Hunk("a.py", 3, tuple(old.split("\n")), tuple(new.split("\n")), 1.0)


def test_names_that_were_exchanged_are_told_one_by_one() -> None:
    found = swaps(hunk("def area(a, b):\n    return a", "def surface(a, c):\n    return a + 1"))
    assert [(swap.old, swap.new, swap.line, swap.column, swap.end_column) for swap in found] == [
        (("area",), ("surface",), 3, 4, 11),
        (("b",), ("c",), 3, 15, 16),
    ]
    assert all(swap.is_name for swap in found)
    assert (found[0].before, found[0].after) == ("def", "(")


def test_what_is_no_name_for_a_name_is_told_apart() -> None:
    (found,) = swaps(hunk("  print(x)", "  logger.info(x)"))
    assert (found.old, found.new, found.is_name) == (("print",), ("logger", ".", "info"), False)
    (number,) = swaps(hunk("a = 1", "a = 22"))
    assert not number.is_name
    assert swaps(hunk("f(a)", "f(a, b)")) == []
    assert swaps(hunk("a\nb", "a b")) == []


def test_a_dotted_name_is_one() -> None:
    for old, new in (("fmt.Println", "log.Print"), ("System.out.println", "log.info"), ("fmt.Println", "log.Println")):
        (found,) = chained(hunk(f'    {old}("a")', f'    {new}("a")'))
        assert ("".join(found.old), "".join(found.new), found.column, found.after) == (old, new, 4, "(")


def test_names_that_are_new() -> None:
    assert added_names(hunk("f(a)", "f(a, b1, 3, b1, _c, a)")) == ["b1", "_c"]


def test_lines_that_a_hunk_has_touched() -> None:
    assert changed_lines(hunk("a\nb\nc", "a\nB\nc")) == {4}
    assert changed_lines(hunk("a\nb\nc", "a\nX\nb\nc")) == {4}
    assert changed_lines(hunk("a\nb\nc", "a\nc")) == {4}


def test_too_much_is_not_compared() -> None:
    assert swaps(hunk("a " * MOST_WORDS, "b " * MOST_WORDS)) == []
    assert chained(hunk("a " * MOST_WORDS, "b " * MOST_WORDS)) == []
