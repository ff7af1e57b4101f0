"""Parsability with the real grammar."""

from mellum_ls.runtime.nano.parsable import PythonParser

TEXT = "def f(x):\n    y = g(x)\n    return y\n"


def test_the_grammar_tells_code_from_broken_code() -> None:
    parser = PythonParser()
    assert parser.parses(TEXT)
    assert parser.parses("")
    assert not parser.parses("def f(:\n")
    assert not parser.parses("x = (1\n")
