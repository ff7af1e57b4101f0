"""Edits as places in texts."""

from __future__ import annotations

from mellum_ls.context.edits.placing import NEAR, Edit, applied, distance, joined, proposal


def edit(line: int, column: int, old: str, new: str, reason: str = "r", path: str = "a.py") -> Edit:
    return Edit(path, line, column, line, column + len(old), old, new, "rename", reason)


def test_an_edit_is_made_where_it_stands_and_nowhere_else() -> None:
    assert applied("a\nbcd\ne", edit(1, 1, "c", "xyz")) == "a\nbxyzd\ne"
    assert applied("a\nbcd\ne", edit(2, 1, "", "!")) == "a\nbcd\ne!"
    assert applied("a\nbcd\ne", edit(1, 0, "c", "xyz")) is None
    assert applied("a\nbcd\ne", edit(9, 0, "c", "xyz")) is None


def test_the_same_line_then_nearby_then_below_then_above_then_elsewhere() -> None:
    at = 100
    order = [100, 101, 99, 102, 98, 100 + NEAR + 1, 100 + 2 * NEAR, 100 - NEAR - 1, 0]
    found = sorted((edit(line, 0, "a", "b") for line in reversed(order)), key=lambda one: distance(one, "a.py", at))
    assert [one.line for one in found] == order
    assert distance(edit(100, 0, "a", "b", path="b.py"), "a.py", at) > distance(found[-1], "a.py", at)


def test_edits_of_a_line_for_one_reason_are_one() -> None:
    text = "a = a + b * a\na\n"
    edits = [edit(0, 12, "a", "xx"), edit(0, 0, "a", "xx"), edit(1, 0, "a", "xx"), edit(0, 4, "a", "xx")]
    whole, other = sorted(joined(edits, text), key=lambda one: one.line)
    assert (whole.old, whole.new, whole.column, whole.end_column) == ("a = a + b * a", "xx = xx + b * xx", 0, 13)
    assert other == edits[2]
    apart = [edit(0, 0, "a", "x"), edit(0, 4, "a", "y", reason="another")]
    assert sorted(joined(apart, text), key=lambda one: one.column) == apart


def test_a_proposal_says_the_same() -> None:
    one = proposal(edit(1, 2, "ab", "c"), 0.81234567)
    assert (one.span.start_line, one.span.start_column, one.span.end_line, one.span.end_column) == (1, 2, 1, 4)
    assert (one.path, one.old, one.new, one.kind, one.score) == ("a.py", "ab", "c", "rename", 0.8123)
