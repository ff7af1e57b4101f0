"""Renames; the generated cases of test_symbolic.py hold the rest."""

from __future__ import annotations

import pytest

from mellum_ls.context.edits.renames import renames
from tests.context.edits.asked import edited, made


@pytest.mark.parametrize(
    ("path", "before", "old", "new", "after"),
    [
        ("a.py", "a = 1\nprint(a, a)\n", "a = 1", "b = 1", "b = 1\nprint(b, b)\n"),
        # Where the new name is used for something else that would be hidden.
        ("a.py", "def f(lst):\n    return list(lst)\n", "f(lst)", "f(list)", "def f(list):\n    return list(lst)\n"),
        ("a.py", "def f(a, b):\n    return a + b\n", "f(a,", "f(b,", "def f(b, b):\n    return a + b\n"),
        # An inner variable of the new name would catch the use.
        (
            "a.ts",
            "const a = 1;\nfunction f(b: number) { return a + b; }\nf(a);\n",
            "const a",
            "const b",
            "const b = 1;\nfunction f(b: number) { return a + b; }\nf(b);\n",
        ),
        # A keyword is no name.
        ("a.py", "a = 1\nprint(a)\n", "a = 1", "if = 1", "if = 1\nprint(a)\n"),
        # What is taken out of an object is called as the object calls it.
        ("a.ts", "const { a } = b;\nf(a);\n", "{ a }", "{ c }", "const { c } = b;\nf(a);\n"),
        ("a.ts", "function f(a: T) { return { a }; }\n", "(a:", "(b:", "function f(b: T) { return { a: b }; }\n"),
    ],
)
def test_renames(path: str, before: str, old: str, new: str, after: str) -> None:
    hunk, desk = edited(path, before, before.replace(old, new, 1))
    assert made(desk, list(renames(hunk, desk)), path) == after


def test_two_that_are_exchanged_are_not_renamed() -> None:
    hunk, desk = edited("a.py", "def f(a, b):\n    return a - b\n", "def f(b, a):\n    return a - b\n")
    assert list(renames(hunk, desk)) == []
