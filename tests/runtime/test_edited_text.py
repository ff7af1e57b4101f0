"""What an edit changed: always an edit that explains the new text, and the smallest there is at one place."""

from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mellum_ls.runtime import edited_text
from mellum_ls.runtime.edited_text import MOST, NEAR, Edit, EditedText
from tests.fakes.texts import edits, texts


def applied(old: str, new: str, edit: Edit) -> str:
    return old[: edit.start] + new[edit.start : edit.new_end] + old[edit.old_end :]


@given(texts(12), texts(12), texts(12), texts(12))
def test_one_edit(head: str, old: str, new: str, tail: str) -> None:
    before, after = head + old + tail, head + new + tail
    state, edit = EditedText(before).edited(after)
    assert state.text == after
    assert applied(before, after, edit) == after
    assert len(head) <= edit.start <= min(edit.old_end, edit.new_end)
    # Nothing that stays could have been longer.
    assert edit.start in (len(before), len(after)) or before[edit.start] != after[edit.start]
    empty = edit.start == min(edit.old_end, edit.new_end)
    assert empty or before[edit.old_end - 1] != after[edit.new_end - 1]


@settings(max_examples=200)
@given(st.data())
def test_many_edits_of_one_text(data: st.DataObject) -> None:
    """With so small a neighbourhood that most edits leave it."""
    with patch.object(edited_text, "NEAR", 5), patch.object(edited_text, "MOST", 20):
        text = data.draw(texts())
        state, _ = EditedText().edited(text)
        for _ in range(8):
            new = data.draw(edits(text))
            following, edit = state.edited(new)
            assert applied(text, new, edit) == new
            assert edit.start <= min(edit.old_end, edit.new_end)
            assert following.text == new
            assert new.startswith(following.head)
            assert new[len(following.head) :].endswith(following.tail)
            state, text = following, new


@pytest.mark.parametrize(
    ("old", "new", "edit"),
    [
        ("", "", (0, 0, 0)),
        ("abc", "abc", (3, 3, 3)),
        ("abc", "abXc", (2, 2, 3)),
        ("aaa", "aa", (2, 3, 2)),
        ("", "ab", (0, 0, 2)),
        ("ab", "", (0, 2, 0)),
        ("xaby", "xAby", (1, 2, 2)),
    ],
)
def test_small_ones(old: str, new: str, edit: tuple[int, int, int]) -> None:
    assert EditedText(old).edited(new)[1] == edit


def test_typing_goes_on_between_what_was_cut_out() -> None:
    text = "0123456789" * 10_000
    middle = len(text) // 2
    state, _ = EditedText(text).edited(text[:middle] + "a" + text[middle:])
    assert (len(state.head), len(state.tail)) == (middle - NEAR, middle - NEAR)
    for typed in ("ab", "abc", "ab", ""):
        following, _ = state.edited(text[:middle] + typed + text[middle:])
        assert following.head is state.head
        assert following.tail is state.tail
        state = following
    # Far away, and where the neighbourhood has grown too long, it is chosen anew.
    assert len(state.edited("x" + text)[0].head) == 0
    assert len(state.edited(text[:middle] + "a" * MOST + text[middle:])[0].head) == middle - NEAR


def test_what_was_cut_out_may_overlap_in_a_shorter_text() -> None:
    text = "0123456789" * 10_000
    state, _ = EditedText(text).edited(text[:50_000] + "a" + text[50_000:])
    shorter = text[:70_000]
    assert shorter.startswith(state.head)
    assert shorter.endswith(state.tail)
    _, edit = state.edited(shorter)
    assert applied(state.text, shorter, edit) == shorter
    assert edit == (50_000, 80_001, 50_000)
