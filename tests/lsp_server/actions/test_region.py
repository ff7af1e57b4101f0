from mellum_ls.context.languages.parsed import parsed
from mellum_ls.lsp_server.actions.kinds import DOCUMENT, EXPLAIN, FIX, REFACTOR, TESTS
from mellum_ls.lsp_server.actions.region import AROUND, MOST_LINES, Region, region_of

TEXT = "import os\n\n\nclass Two:\n    def three(self):\n        return 3\n\n    four = 4\n"
PARSED = parsed(TEXT, "a.py", "python")


def test_a_problem_is_fixed_in_its_function_or_near_its_line() -> None:
    assert region_of(FIX, 5, 5, PARSED) == Region(4, 5, "three")
    assert region_of(FIX, 0, 0, PARSED) == Region(0, AROUND)
    assert region_of(FIX, 7, 7, PARSED) == Region(0, 8)


def test_a_symbol_is_documented_and_a_selection_rewritten() -> None:
    assert region_of(DOCUMENT, 5, 5, PARSED) == Region(4, 5, "three")
    assert region_of(DOCUMENT, 3, 7, PARSED) == Region(3, 7, "Two")
    assert region_of(DOCUMENT, 0, 0, PARSED) is None
    assert region_of(REFACTOR, 4, 5, PARSED) == Region(4, 5)
    assert region_of(EXPLAIN, 5, 5, PARSED) == region_of(TESTS, 5, 5, PARSED) == Region(4, 5, "three")
    assert region_of(EXPLAIN, 0, 3, PARSED) == Region(0, 3)


def test_lines_beyond_the_end_are_the_last_and_too_many_are_none() -> None:
    assert region_of(REFACTOR, 90, 99, PARSED) == Region(8, 8)
    long = parsed("def f():\n" + "    x = 1\n" * MOST_LINES, "a.py", "python")
    assert region_of(DOCUMENT, 0, 0, long) is None
    assert region_of(FIX, 50, 50, long) == Region(50 - AROUND, 50 + AROUND)
    assert region_of(REFACTOR, 0, MOST_LINES, long) is None
    assert Region(3, 5).length == 3
