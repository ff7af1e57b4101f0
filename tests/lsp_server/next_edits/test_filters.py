"""Which edits are not shown."""

import pytest

from mellum_ls.context.edits.types import Hunk, Proposal, Span
from mellum_ls.lsp_server.next_edits.filters import deletes_much, is_import, why_not
from mellum_ls.lsp_server.rewriting.spots import offset_in, text_in

TEXT = """import os
from math import (
    pi,
    tau,
)

surface = width * height
print(area)
total = compute(surface, pi)
if total:
    one()
    two()
"""
RENAMED = Hunk("a.py", 6, ("area = width * height",), ("surface = width * height",), 1.0)


def edit(line: int, old: str, new: str, text: str = TEXT, path: str = "a.py") -> Proposal:
    """`new` instead of the first `old` at or behind the start of a line."""
    start = offset_in(text, (line, 0))
    assert start is not None
    at = text.index(old, start)
    spots = [(text.count("\n", 0, place), place - text.rfind("\n", 0, place) - 1) for place in (at, at + len(old))]
    span = Span(*spots[0], *spots[1])
    assert text_in(text, span) == old
    return Proposal(path, span, old, new, "model", "", 0.5)


def reason(proposal: Proposal, *hunks: Hunk, text: str = TEXT) -> str:
    return why_not(proposal, text, hunks or (RENAMED,), "python")


def test_the_next_use_of_a_renamed_name_passes() -> None:
    assert reason(edit(7, "area", "surface")) == ""


def test_an_edit_for_another_text_is_none() -> None:
    stale = Proposal("a.py", Span(7, 0, 7, 4), "area", "surface", "rename", "", 1.0)
    assert "another now" in reason(stale)
    assert "another now" in reason(Proposal("a.py", Span(70, 0, 70, 4), "area", "x", "rename", "", 1.0))


def test_what_nobody_sees_is_none() -> None:
    assert "nothing" in reason(edit(7, "area", "area"))
    assert "white space" in reason(edit(6, "width * height", "width  *  height"))
    assert "white space" in reason(edit(5, "\n", "\n\n"))
    assert "white space" not in reason(edit(6, "width", "wi dth"))


@pytest.mark.parametrize(
    "proposal",
    [
        edit(6, "surface", "area"),
        edit(6, "surface = width * height", "area = width * height"),
        edit(6, "surface = width * height\nprint", "area = width * height\nprint"),
        edit(8, "surface", "area"),  # where it was renamed by the user or by us
    ],
)
def test_the_users_change_is_not_taken_back(proposal: Proposal) -> None:
    assert "take back" in reason(proposal)


def test_what_was_added_is_not_deleted_and_what_was_deleted_is_not_put_back() -> None:
    added = Hunk("a.py", 9, ("if total:",), ("if total:", "    one()", "    two()"), 1.0)
    assert "take back" in reason(edit(10, "    one()\n    two()\n", ""), added)
    assert "take back" in reason(edit(10, "    one()\n", ""), added)
    argument = Hunk("a.py", 8, ("total = compute(surface)",), ("total = compute(surface, pi)",), 1.0)
    assert "take back" in reason(edit(8, ", pi", ""), argument)
    gone = Hunk("a.py", 8, ("total = compute(surface, pi)", "log(total)"), ("total = compute(surface, pi)",), 1.0)
    assert "take back" in reason(edit(8, "pi)\n", "pi)\nlog(total)\n"), gone)
    # A change in another file has nothing to say about this one.
    other = Hunk("b.py", 6, ("area = width * height",), ("surface = width * height",), 1.0)
    assert reason(edit(6, "surface", "area"), other) == ""


def test_going_on_in_the_changed_lines_is_not_taking_back() -> None:
    half = Hunk("a.py", 8, ("total = compute(area)",), ("total = compute(surface, pi)",), 1.0)
    assert reason(edit(8, "pi)", "pi, total)"), half) == ""
    both = Hunk("a.py", 6, ("area = width * height", "print(area)"), ("surface = width * height", "print(area)"), 1.0)
    assert reason(edit(7, "area", "surface"), both) == ""


@pytest.mark.parametrize(
    "proposal",
    [
        edit(0, "os", "os, sys"),
        edit(0, "import os\n", "import os\nimport sys\n"),
        edit(0, "import os\n", ""),
        edit(3, "tau", "e"),
        edit(2, "    pi,\n    tau,\n", "    pi,\n"),
    ],
)
def test_imports_alone_are_not_edited(proposal: Proposal) -> None:
    assert reason(proposal) == "it changes imports only"


def test_imports_are_edited_where_the_user_edits_imports_or_with_other_code() -> None:
    moved = Hunk("b.py", 0, ("from old import f",), ("from new import f",), 1.0)
    assert reason(edit(0, "os", "os.path"), moved) == ""
    assert reason(edit(5, "\nsurface", "\nimport sys\nsurface2"), RENAMED) == ""


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        ("import os", 0, True),
        ('import (\n\t"fmt"\n)\n', 1, True),
        ("#include <a.h>", 0, True),
        ("import {\n  a,\n  b,\n} from 'c'\nf({\n  a,\n})", 2, True),
        ("import {\n  a,\n  b,\n} from 'c'\nf({\n  a,\n})", 5, False),
        ("const a = require('a')", 0, True),
        ("use std::fmt;", 0, True),
        ("using System;", 0, True),
        ("using (var a = b) {", 0, False),
        ("important = 1", 0, False),
        ("user = 1", 0, False),
        ("import os\nx = (\n    1,\n)", 2, False),
    ],
)
def test_which_lines_are_imports(text: str, line: int, expected: bool) -> None:
    assert is_import(text.split("\n"), line) is expected


def test_much_is_not_deleted_unless_the_user_does_so() -> None:
    lines = "".join(f"line{number}()\n" for number in range(30))
    most, more = (
        edit(3, "".join(lines.splitlines(True)[3:11]), "", lines),
        edit(3, "".join(lines.splitlines(True)[3:12]), "", lines),
    )
    assert deletes_much(most) == ""
    assert "too much" in deletes_much(more)
    cleared = Hunk("a.py", 0, tuple("x" * 20), (), 1.0)
    assert deletes_much(more, [cleared]) == ""


def test_syntax_does_not_get_worse() -> None:
    assert "syntax" in reason(edit(9, "if total:", "if total:("))
    assert reason(edit(9, "if total:", "if total > 1:")) == ""
    broken = TEXT.replace("if total:", "if total:(")
    assert reason(edit(7, "area", "surface", broken), text=broken) == ""
    # Without a grammar nothing is said.
    assert why_not(edit(7, "area", "sur(((", path="a.unknown"), TEXT, [], "cobol") == ""
