"""Calls that follow their function; the generated cases of test_symbolic.py hold the rest."""

from __future__ import annotations

import pytest

from mellum_ls.context.edits.call_sites import call_sites
from tests.context.edits.asked import edited, made


@pytest.mark.parametrize(
    ("path", "before", "old", "new", "after"),
    [
        # Laid out as the others are.
        (
            "a.py",
            "def f(a, c):\n    pass\nd = 1\nf(\n    1,\n    2,\n)\n",
            "a, c):",
            "a, c, d):",
            "def f(a, c, d):\n    pass\nd = 1\nf(\n    1,\n    2,\n    d,\n)\n",
        ),
        ("a.py", "def f(a):\n    pass\nf(1)\n", "(a)", "()", "def f():\n    pass\nf()\n"),
        ("a.py", "def f():\n    pass\nb = 1\nf()\n", "()", "(b)", "def f(b):\n    pass\nb = 1\nf(b)\n"),
        # Set only after the call, or by it.
        ("a.py", "def f():\n    pass\nf()\nb = 1\n", "()", "(b)", "def f(b):\n    pass\nf()\nb = 1\n"),
        ("a.py", "def f():\n    pass\nb = f()\n", "()", "(b)", "def f(b):\n    pass\nb = f()\n"),
        # A function of that name is no variable.
        ("a.py", "def f():\n    pass\ndef b(): ...\nf()\n", "f()", "f(b)", "def f(b):\n    pass\ndef b(): ...\nf()\n"),
        # The receiver is an argument.
        (
            "a.py",
            "class A:\n    def f(self, a):\n        pass\nb = 1\nA.f(A(), 2)\nA().f(2)\n",
            "a):",
            "a, b):",
            "class A:\n    def f(self, a, b):\n        pass\nb = 1\nA.f(A(), 2)\nA().f(2, b)\n",
        ),
        # Not yet to be understood.
        ("a.py", "def f(a):\n    pass\nb = 1\nf(1)\n", "(a)", "(a, b", "def f(a, b:\n    pass\nb = 1\nf(1)\n"),
    ],
)
def test_calls(path: str, before: str, old: str, new: str, after: str) -> None:
    hunk, desk = edited(path, before, before.replace(old, new, 1))
    assert made(desk, list(call_sites(hunk, desk)), path) == after
