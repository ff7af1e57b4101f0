"""An edit must not add syntax errors."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mellum_ls.context.edits.syntax import breaks, errors, gets_worse, reparse
from mellum_ls.context.languages.grammars import grammar_of
from mellum_ls.context.languages.parsing import parse

PYTHON = grammar_of("a.py")
assert PYTHON is not None


@pytest.mark.parametrize(
    ("path", "before", "after", "worse"),
    [
        ("a.py", "f(a)\n", "f(a, b)\n", False),
        ("a.py", "f(a)\n", "f(a,, b)\n", True),
        ("a.py", "f(a)\n", "f(a\n", True),
        ("a.py", "f((a)\n", "f(a)\n", False),
        ("a.py", "f((a)\n", "g((a)\n", False),
        ("a.ts", "const a = { b };\n", "const a = { b: c };\n", False),
        ("a.ts", "const a = { b };\n", "const a = { b: };\n", True),
        ("a.java", "class A { int f() { return 1; } }", "class A { int f() { return 1 } }", True),
        ("a.go", "package a\nfunc f() {}\n", "package a\nfunc f() {\n", True),
    ],
)
def test_more_errors_are_worse(path: str, before: str, after: str, worse: bool) -> None:
    grammar = grammar_of(path)
    assert grammar is not None
    assert gets_worse(before, after, grammar) is worse


def test_what_cannot_be_parsed_is_worse_than_what_can() -> None:
    assert PYTHON is not None
    assert gets_worse("a = 1\n", "a = 1\n" * 400_000, PYTHON)
    assert not gets_worse("a = 1\n" * 400_000, "a = 1\n", PYTHON)


@settings(max_examples=100, deadline=None)
@given(st.text("ab=(): \n'é", max_size=30), st.text("ab=(): \n'é", max_size=30))
def test_a_tree_from_another_is_as_broken_as_one_from_scratch(one: str, other: str) -> None:
    assert PYTHON is not None
    text, edited = one.encode(), other.encode()
    tree, fresh = parse(text, PYTHON), parse(edited, PYTHON)
    assert tree is not None
    assert fresh is not None
    before = str(tree.root_node)
    again = reparse(tree, text, edited, PYTHON)
    assert again is not None
    assert again.root_node.end_byte == fresh.root_node.end_byte
    assert again.root_node.has_error == fresh.root_node.has_error
    assert str(tree.root_node) == before, "the old tree stays as it is"
    if not fresh.root_node.has_error:
        assert not breaks(tree, text, edited, PYTHON)
        assert errors(again) == (0, 0)
