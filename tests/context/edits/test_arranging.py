"""How arguments follow from parameters."""

from __future__ import annotations

import pytest

from mellum_ls.context.edits.arranging import arranged, steps
from mellum_ls.context.edits.signatures import Argument, Parameter


def taken(text: str) -> list[Parameter]:
    """`a b? *args c!`: with a default, gathering, by name only."""
    return [Parameter(word.strip("?!*"), "", "?" in word, word.startswith("*"), "!" in word) for word in text.split()]


def given(text: str) -> list[Argument]:
    found = []
    for at, word in enumerate(text.split()):
        name, equals, value = word.partition("=")
        found.append(Argument(word, at, at, name if equals else "", value if equals else word, word.startswith("*")))
    return found


@pytest.mark.parametrize(
    ("old", "new", "call", "after"),
    [
        ("a", "a b", "1", "1 b"),
        ("a", "b a", "1", "b 1"),
        ("a", "b a", "a=1", "b a=1"),
        ("a", "a b!", "1", "1 b=b"),
        ("a", "a b?", "1", "1"),
        ("a c?", "a b c?", "1", "1 b"),
        ("a c?", "a b c?", "1 c=2", "1 b c=2"),
        ("a c? d?", "a c? b! d?", "1 d=3", "1 d=3 b=b"),
        ("a b c", "a c", "1 2 3", "1 3"),
        ("a b", "a", "1 b=2", "1"),
        ("a b? c?", "a c?", "1 2 3", "1 3"),
        ("a b", "b a", "1 2", "2 1"),
        ("a b", "b a", "b=2 a=1", "b=2 a=1"),
        ("a b", "a c", "1 b=2", "1 c=2"),
        ("a b", "a c", "1 2", "1 2"),
        # What does not fit the old parameters, or does not say what it gives.
        ("a", "a b", "1 2", None),
        ("a", "a b", "", None),
        ("a", "a b", "*x", None),
        ("a", "a other", "1", None),
    ],
)
def test_arguments_by_name_and_by_place(old: str, new: str, call: str, after: str | None) -> None:
    before, now = taken(old), taken(new)
    way = steps(before, now)
    assert way is not None
    hand = {"b": "b"}
    found = arranged(before, now, way, given(call), lambda p: hand.get(p.name), touched=False, keywords=True)
    assert found == (None if after is None else after.split())


def test_where_there_are_no_names_a_hole_cannot_be_filled() -> None:
    before, now = taken("a b? c?"), taken("a b? d c?")
    way = steps(before, now)
    assert way is not None
    assert arranged(before, now, way, given("1"), lambda _: "d", touched=False, keywords=False) is None
    assert arranged(before, now, way, given("1 2"), lambda _: "d", touched=False, keywords=False) == ["1", "2", "d"]


def test_a_call_that_the_user_has_been_at_is_left_where_it_fits_already() -> None:
    before, now = taken("a b?"), taken("b? a")
    way = steps(before, now)
    assert way is not None
    assert arranged(before, now, way, given("1 2"), lambda _: None, touched=True, keywords=True) is None
    assert arranged(before, now, way, given("1 2"), lambda _: None, touched=False, keywords=True) == ["2", "1"]


@pytest.mark.parametrize(
    ("old", "new"), [("a b", "a c d"), ("a b", "c d"), ("a b", "b c"), ("a", "a *more"), ("a b?", "a c")]
)
def test_what_became_of_a_parameter_may_be_unclear(old: str, new: str) -> None:
    assert steps(taken(old), taken(new)) is None
