"""What nothing defines is found, and what something defines is not taken for it."""

import asyncio
import contextlib
import dataclasses
from pathlib import Path
from types import ModuleType

import pytest

from mellum_ls.context.edits.undefined import undefined

TEXT = """import os
from a import b as c

X = 1

def f(d, *e, g=None, **h):
    global late
    late = [i for i in d if i]
    with open(c) as j:
        k: int = len(j)
    try:
        import l.m
    except OSError as n:
        print(n, l, __file__)
    if (o := X) and isinstance(k, Later):
        return lambda p: p + o + os.sep
    return unknown(typo, g=h, other=e)

class Later(Missing):
    q = 1
    r = q
"""


def test_names_without_a_definition_are_found() -> None:
    assert undefined("a.py", TEXT) == {"unknown", "typo", "Missing"}
    assert undefined("a.py", TEXT, 16, 16) == {"unknown", "typo"}
    assert undefined("a.py", TEXT, 0, 15) == set()
    assert undefined("a.py", TEXT, among=frozenset({"typo", "os"})) == {"typo"}


@pytest.mark.parametrize(("path", "text"), [("a.ts", "odd()"), ("a.py", "from x import *\nodd()"), ("a.py", "odd(")])
def test_where_it_cannot_be_known_nothing_is_said(path: str, text: str) -> None:
    assert undefined(path, text) == set()


@pytest.mark.parametrize("module", [contextlib, dataclasses, asyncio.queues])
def test_working_code_has_none(module: ModuleType) -> None:
    assert module.__file__ is not None
    assert undefined("a.py", Path(module.__file__).read_text(encoding="utf-8"), 0, 120) == set()
