"""An edit that stands proposed while the text goes on changing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mellum_ls.context.edits.types import Proposal, Span
from mellum_ls.lsp_server.documents.edit_history import Replaced
from mellum_ls.lsp_server.next_edits.rebasing import rebased
from mellum_ls.lsp_server.rewriting.spots import behind, text_in, with_replaced

TEXT = "one\narea = 1\nprint(area)\n"


def proposal(line: int, start: int, end: int, old: str = "area", new: str = "surface") -> Proposal:
    return Proposal("a.py", Span(line, start, line, end), old, new, "rename", "rename of area to surface", 1.0)


HERE = proposal(2, 6, 10)


def after(edit: Replaced, of: Proposal = HERE) -> tuple[Span, str, str] | str | None:
    found = rebased(of, edit)
    return (found.span, found.old, found.new) if isinstance(found, Proposal) else found


def test_it_moves_with_edits_above_and_before_it() -> None:
    assert after(Replaced(0, 3, "", "\ntwo\n")) == (Span(4, 6, 4, 10), "area", "surface")
    assert after(Replaced(1, 0, "area = 1\n", "")) == (Span(1, 6, 1, 10), "area", "surface")
    assert after(Replaced(2, 0, "", "  ")) == (Span(2, 8, 2, 12), "area", "surface")
    assert after(Replaced(0, 0, "", "a\r\nb\r\n")) == (Span(4, 6, 4, 10), "area", "surface")


def test_it_stays_where_it_is_when_something_behind_changes() -> None:
    assert after(Replaced(2, 11, "", " # why")) == (Span(2, 6, 2, 10), "area", "surface")


def test_typing_along_it_shortens_it() -> None:
    taken = rebased(HERE, Replaced(2, 6, "area", ""))
    assert isinstance(taken, Proposal)
    assert (taken.span, taken.old, taken.new) == (Span(2, 6, 2, 6), "", "surface")
    typed = rebased(taken, Replaced(2, 6, "", "sur"))
    assert isinstance(typed, Proposal)
    assert (typed.span, typed.old, typed.new) == (Span(2, 9, 2, 9), "", "face")
    assert rebased(typed, Replaced(2, 9, "", "face")) == "written"


def test_erasing_it_from_its_end_leaves_it() -> None:
    assert after(Replaced(2, 9, "a", "")) == (Span(2, 6, 2, 9), "are", "surface")


def test_accepting_it_is_writing_it() -> None:
    assert after(Replaced(2, 6, "area", "surface")) == "written"


@pytest.mark.parametrize(
    "edit",
    [
        Replaced(2, 7, "", "x"),  # inside, and not towards the new text
        Replaced(2, 5, "", "x"),  # not at it
        Replaced(2, 6, "", "x"),  # the word is longer at its beginning
        Replaced(2, 10, "", "x"),  # and at its end
        Replaced(2, 0, "print(area)", "pass"),
        Replaced(0, 0, TEXT, ""),
        Replaced(2, 5, "(ar", ""),
    ],
)
def test_it_dies_when_its_own_text_changes(edit: Replaced) -> None:
    found = after(edit)
    if edit == Replaced(2, 5, "", "x"):
        assert found == (Span(2, 7, 2, 11), "area", "surface")
    else:
        assert found is None


def test_lines_put_right_before_and_right_behind_it_leave_it_alone() -> None:
    line = Proposal("a.py", Span(1, 0, 1, 8), "area = 1", "area = 2", "model", "", 1.0)
    assert after(Replaced(1, 0, "", "x = 0\n"), line) == (Span(2, 0, 2, 8), "area = 1", "area = 2")
    assert after(Replaced(0, 0, "one\n", ""), line) == (Span(0, 0, 0, 8), "area = 1", "area = 2")
    assert after(Replaced(1, 8, "", "\nx = 0"), line) == (Span(1, 0, 1, 8), "area = 1", "area = 2")


PIECES = st.text(alphabet="ab\n", max_size=6)


@given(PIECES, PIECES, PIECES, PIECES, PIECES, st.data())
def test_what_stands_is_right_or_gone(
    before: str, old: str, behind_it: str, new: str, inserted: str, data: st.DataObject
) -> None:
    text = before + old + behind_it
    low, high = len(before), len(before) + len(old)
    stands = Proposal("a", Span(*behind((0, 0), text[:low]), *behind((0, 0), text[:high])), old, new, "model", "", 1.0)
    first = data.draw(st.integers(0, len(text)))
    last = data.draw(st.integers(first, len(text)))
    line, column = behind((0, 0), text[:first])
    now = text[:first] + inserted + text[last:]
    found = rebased(stands, Replaced(line, column, text[first:last], inserted))
    wanted = {text[:low] + new + text[high:]}
    if found == "written":
        assert now in wanted
    elif found is not None:
        assert text_in(now, found.span) == found.old
        if last <= low:
            wanted.add(text[:first] + inserted + text[last:low] + new + text[high:])
        if first >= high:
            wanted.add(text[:low] + new + text[high:first] + inserted + text[last:])
        assert with_replaced(now, found.span, found.new) in wanted


@given(PIECES, st.text(alphabet="ab\n", min_size=1, max_size=6), st.integers(0, 6))
def test_any_beginning_of_the_new_text_is_typing_along(old: str, new: str, typed: int) -> None:
    stands = Proposal("a", Span(0, 0, *behind((0, 0), old)), old, new, "model", "", 1.0)
    found = rebased(stands, Replaced(0, 0, old, new[:typed]))
    if new[:typed] == new:
        assert found == "written"
    else:
        assert isinstance(found, Proposal)
        # What was written already is no part of it any more, except where nothing was written in place of the old text.
        assert new[: len(new) - len(found.new)] + found.new == new
