"""Renames in languages whose scopes are not resolved."""

from __future__ import annotations

import pytest

from mellum_ls.context.edits.plain_names import plain_renames
from tests.context.edits.asked import edited, made


@pytest.mark.parametrize(
    ("path", "before", "old", "new", "after"),
    [
        (
            "a.cpp",
            "class P {\n  P(int x);\n  int d();\n};\nint P::d() { return 1; }\n",
            "class P ",
            "class Q ",
            "class Q {\n  Q(int x);\n  int d();\n};\nint Q::d() { return 1; }\n",
        ),
        ("a.c", "int area(int x) { return x; }\nint y = area(2);\n", "area", "size", None),
        ("a.rs", "fn area(x: i32) -> i32 { x }\nfn f() { area(2); }\n", "area", "size", None),
    ],
)
def test_the_only_one_of_its_name_is_renamed(path: str, before: str, old: str, new: str, after: str | None) -> None:
    hunk, desk = edited(path, before, before.replace(old, new, 1))
    assert made(desk, list(plain_renames(hunk, desk)), path) == (after or before.replace(old, new))


@pytest.mark.parametrize(
    ("path", "before", "old", "new"),
    [
        ("a.c", "int area(int x) { return x; }\nint f(int area) { return area; }\n", "area", "size"),
        ("a.c", "int area(int x) { return x; }\n/* area */ int y = area(2);\n", "area", "size"),
        ("a.c", "int f(int area) { return area; }\n", "area", "size"),
        ("a.c", "int area(int x) { return x; }\nint size() { return area(2); }\n", "area(int", "size(int"),
        ("a.py", "def area(): ...\narea()\n", "area", "size"),
        ("a.md", "# area\narea\n", "area", "size"),
    ],
)
def test_anything_else_of_that_name_is_a_reason_to_abstain(path: str, before: str, old: str, new: str) -> None:
    hunk, desk = edited(path, before, before.replace(old, new, 1))
    assert list(plain_renames(hunk, desk)) == []
