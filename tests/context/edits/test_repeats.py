"""The same replacement again; the generated cases of test_symbolic.py hold the rest."""

from __future__ import annotations

from mellum_ls.context.edits.repeats import repeats
from tests.context.edits.asked import edited, made


def again(before: str, after: str) -> str:
    hunk, desk = edited("a.py", before, after)
    return made(desk, list(repeats("a.py", [hunk], desk)), "a.py")


def test_twice_is_a_habit_and_once_is_none() -> None:
    before = "first(1)\nfirst(2)\nfirst(3)\nfirst\n'first('\n"
    once = before.replace("first(1", "second(1")
    assert again(before, once) == once
    twice = once.replace("first(2", "second(2")
    assert again(before, twice) == twice.replace("first(3", "second(3")


def test_what_was_done_and_undone_is_no_habit() -> None:
    before = "one_(1)\none_(2)\ntwo_(3)\ntwo_(4)\none_(5)\n"
    after = "two_(1)\ntwo_(2)\none_(3)\none_(4)\none_(5)\n"
    assert again(before, after) == after
