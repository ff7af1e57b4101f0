"""Parsability with the real grammar."""

from mellum_ls.runtime.nano.corpus import SourceFile
from mellum_ls.runtime.nano.holes import Hole
from mellum_ls.runtime.nano.parsable import PythonParser, score

TEXT = "def f(x):\n    y = g(x)\n    return y\n"
GOOD = Hole(SourceFile("p", "1", "p/a.py", TEXT), "boundary", TEXT.index("g("), TEXT.index("\n    return"))
BROKEN = Hole(SourceFile("p", "1", "p/b.py", "def f(x:\n    y = g(x)\n"), "boundary", 18, 22)


def test_the_grammar_tells_code_from_broken_code() -> None:
    parser = PythonParser()
    assert parser.parses(TEXT)
    assert parser.parses("")
    assert not parser.parses("def f(:\n")
    assert not parser.parses("x = (1\n")


def test_only_files_that_parsed_before_and_suggestions_that_are_there_count() -> None:
    found = score([(GOOD, "h(x)[0]"), (GOOD, "h(x"), (GOOD, "x + 1"), (GOOD, ""), (BROKEN, "1")])
    assert (found.suggestions, found.empty, found.original_broken) == (3, 1, 1)
    assert found.parsable == 2 / 3
    assert found.parsable_with_empty == 2 / 4
