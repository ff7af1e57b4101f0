from hypothesis import given
from hypothesis import strategies as st

from mellum_ls.context.edits.types import Hunk
from mellum_ls.context.languages.parsed import parsed
from mellum_ls.lsp_server.next_edits.regions import MOST_LINES, MOST_REGIONS, changed_names, regions

TEXT = """import os

def area(side):
    return side * side


def double(side):
    return 2 * area(side)

print(double(3))
print(area(1))
"""
PARSED = parsed(TEXT, "a.py", "python")
RENAMED = Hunk("a.py", 2, ("def surface(side):",), ("def area(side):",), 1.0)


def test_a_function_is_a_region_and_then_the_nearest_use_of_what_was_changed() -> None:
    assert regions(PARSED, 3, [RENAMED], "a.py") == [(2, 3), (6, 7)]
    assert regions(PARSED, 7, [RENAMED], "a.py") == [(6, 7), (2, 3)]
    assert regions(PARSED, 7, [], "a.py") == [(6, 7)]


def test_outside_of_functions_it_is_the_lines_around_without_blank_ones_at_the_ends() -> None:
    assert regions(PARSED, 9, [], "a.py") == [(6, 10)]
    assert regions(PARSED, 11, [], "a.py") == [(9, 11)]
    long = parsed("def f():\n" + "    x = 1\n" * MOST_LINES, "a.py", "python")
    assert regions(long, 10, [], "a.py") == [(7, 18)]


def test_the_names_are_those_that_changed_and_those_of_touched_definitions() -> None:
    assert changed_names([RENAMED], PARSED, "a.py") == {"area", "surface"}
    signature = Hunk("a.py", 6, ("def double():",), ("def double(side):",), 1.0)
    assert changed_names([signature], PARSED, "a.py") == {"double", "side"}
    assert changed_names([signature], PARSED, "b.py") == {"side"}


@given(st.text("ab \n", max_size=80), st.integers(0, 99), st.lists(st.text("ab \n", max_size=9), max_size=3))
def test_regions_lie_in_the_text_apart_and_say_something(text: str, line: int, changes: list[str]) -> None:
    hunks = [Hunk("a", 0, (), tuple(change.split("\n")), 1.0) for change in changes]
    found = regions(parsed(text, "a", ""), line, hunks, "a")
    lines = text.split("\n")
    assert len(found) <= MOST_REGIONS
    for first, last in found:
        assert 0 <= first <= last < len(lines)
        assert "".join(lines[first : last + 1]).strip()
    assert sorted(found) == sorted(set(found))
    assert all(one[1] < other[0] for one, other in zip(sorted(found), sorted(found)[1:], strict=False))
