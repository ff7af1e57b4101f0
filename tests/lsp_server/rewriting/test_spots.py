"""Places in texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mellum_ls.context.edits.types import Span
from mellum_ls.lsp_server.rewriting.spots import behind, offset_in, shared, text_in, with_replaced

TEXTS = st.text(alphabet="ab\n🎉", max_size=30)


@given(TEXTS, st.data())
def test_a_place_is_found_again(text: str, data: st.DataObject) -> None:
    offset = data.draw(st.integers(0, len(text)))
    assert offset_in(text, behind((0, 0), text[:offset])) == offset


@given(TEXTS, st.data())
def test_a_part_is_counted_from_where_it_begins(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    offset = data.draw(st.integers(start, len(text)))
    begins = behind((0, 0), text[:start])
    assert offset_in(text[start:], behind((0, 0), text[:offset]), begins) == offset - start


def test_line_ends_of_all_kinds_are_counted() -> None:
    assert behind((3, 4), "a\r\nb\rc\ndd") == (6, 2)
    assert behind((3, 4), "ab") == (3, 6)


@pytest.mark.parametrize("spot", [(0, 3), (2, 0), (-1, 0), (0, -1), (1, 3)])
def test_what_lies_outside_is_nowhere(spot: tuple[int, int]) -> None:
    assert offset_in("ab\ncd", spot) is None


def test_text_is_taken_out_and_replaced() -> None:
    assert text_in("ab\ncd", Span(0, 1, 1, 1)) == "b\nc"
    assert with_replaced("ab\ncd", Span(0, 1, 1, 1), "x") == "axd"
    assert text_in("ab\ncd", Span(1, 1, 0, 1)) is None
    with pytest.raises(ValueError, match="outside"):
        with_replaced("ab", Span(0, 0, 5, 0), "x")


def test_what_two_begin_with() -> None:
    assert [shared("abc", "abd"), shared("ab", "abc"), shared("", "a"), shared("x", "y")] == [2, 2, 0, 0]
