"""Arithmetic on changed lines."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mellum_ls.context.edits.merging import (
    Replaced,
    common_prefix,
    common_suffix,
    difference,
    follow,
    merged,
    overlap,
    places,
    stands,
)
from mellum_ls.context.edits.types import Hunk

TEXTS = st.text("ab\n", max_size=40)


def put(text: str, change: Replaced) -> str:
    lines = text.split("\n")
    assert tuple(lines[change.start : change.start + len(change.old)]) == change.old
    lines[change.start : change.start + len(change.old)] = change.new
    return "\n".join(lines)


@given(TEXTS, TEXTS)
def test_a_difference_leads_from_one_text_to_the_other(before: str, after: str) -> None:
    change = difference(before, after)
    assert put(before, change) == after
    if before != after:
        assert change.old[:1] != change.new[:1] or not change.old
        assert change.old[-1:] != change.new[-1:] or not change.old


def test_lines_that_are_only_added_or_removed_stand_alone() -> None:
    assert difference("a\nb\nc", "a\nx\nb\nc") == Replaced(1, (), ("x",))
    assert difference("a\nb\nc", "a\nc") == Replaced(1, ("b",), ())
    assert difference("a\nb\n", "a\nb\nc\n") == Replaced(2, (), ("c",))


@given(TEXTS, TEXTS)
def test_common_ends(one: str, other: str) -> None:
    start = common_prefix(one, other)
    assert one[:start] == other[:start]
    assert one[start : start + 1] != other[start : start + 1] or start == min(len(one), len(other))
    most = min(len(one), len(other)) - start
    end = common_suffix(one, other, most)
    assert one[len(one) - end :] == other[len(other) - end :]
    assert end == most or one[len(one) - end - 1] != other[len(other) - end - 1]


@given(st.lists(st.sampled_from("abc"), max_size=12), st.lists(st.sampled_from("abc"), max_size=12))
def test_places_lead_from_the_old_lines_to_the_new(old: list[str], new: list[str]) -> None:
    lines = list(new)
    for at, taken, given_ in reversed(places(0, old, new)):
        assert tuple(lines[at : at + len(given_)]) == given_
        lines[at : at + len(given_)] = taken
    assert lines == old


def test_hunks_and_a_change_between_them_become_one() -> None:
    lines = ["a", "B", "c", "d", "e", "F", "g"]
    near = [Hunk("x", 5, ("f",), ("F",), 1.0), Hunk("x", 1, ("b",), ("B",), 1.0)]
    change = Replaced(3, ("d",), ("D", "D2"))
    whole = merged("x", near, change, lines, 2.0)
    assert whole == Hunk("x", 1, ("b", "c", "d", "e", "f"), ("B", "c", "D", "D2", "e", "F"), 2.0)


def test_a_hunk_follows_what_happens_around_it() -> None:
    hunk = Hunk("x", 5, ("area(a)",), ("surface(a)",), 1.0)
    assert follow(hunk, Replaced(0, ("q",), ())) == [Hunk("x", 4, ("area(a)",), ("surface(a)",), 1.0)]
    assert follow(hunk, Replaced(6, ("q",), ())) == [hunk]
    assert follow(hunk, Replaced(5, ("surface(a)",), ("surface(a, b)",))) == [
        Hunk("x", 5, ("area(a, b)",), ("surface(a, b)",), 1.0)
    ]
    assert follow(hunk, Replaced(5, ("surface(a)",), ("x = surface(a)",))) == [
        Hunk("x", 5, ("x = area(a)",), ("x = surface(a)",), 1.0)
    ]
    # It goes on with the word that the hunk has changed.
    assert follow(hunk, Replaced(5, ("surface(a)",), ("surfaces(a)",))) == [
        Hunk("x", 5, ("area(a)",), ("surfaces(a)",), 1.0)
    ]
    assert follow(hunk, Replaced(4, ("q", "surface(a)"), ("z",))) == []


def test_of_a_hunk_of_several_places_what_is_not_overwritten_is_left() -> None:
    hunk = Hunk("x", 2, ("a", "b", "c"), ("A", "b", "C"), 1.0)
    assert follow(hunk, Replaced(4, ("C", "z"), ("z",))) == [Hunk("x", 2, ("a",), ("A",), 1.0)]


def test_whether_hunks_stand_and_overlap() -> None:
    hunk = Hunk("x", 1, ("a",), ("b", "c"), 1.0)
    assert stands(hunk, ["a", "b", "c"])
    assert not stands(hunk, ["a", "b"])
    assert overlap(hunk, Hunk("x", 2, (), ("c",), 1.0))
    assert not overlap(hunk, Hunk("x", 3, (), ("c",), 1.0))
