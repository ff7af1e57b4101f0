"""From a region that a model has written anew to edits."""

from hypothesis import given
from hypothesis import strategies as st

from mellum_ls.context.edits.types import Span
from mellum_ls.lsp_server.rewriting.minimal import Change, changes
from mellum_ls.lsp_server.rewriting.spots import text_in, with_replaced

REGIONS = st.lists(st.sampled_from(["", "a", "ab", "b", "def f():", "    return a", "}", "é🎉"]), max_size=12).map(
    "\n".join
)


@given(REGIONS, REGIONS, st.integers(0, 4), st.integers(1, 3))
def test_applying_all_gives_what_the_model_wrote_and_touches_nothing_else(
    old: str, new: str, above: int, apart: int
) -> None:
    head = "a\n" * above
    text = f"{head}{old}\nbelow"
    found = changes(old, new, above, apart=apart)
    assert all(above <= change.span.start_line and change.span.end_line <= above + old.count("\n") for change in found)
    for change in reversed(found):
        assert text_in(text, change.span) == change.old
        text = with_replaced(text, change.span, change.new)
    assert text == f"{head}{new}\nbelow"
    assert bool(found) == (old != new)


@given(REGIONS, REGIONS)
def test_no_edit_says_what_stands_there_anyway(old: str, new: str) -> None:
    for change in changes(old, new):
        assert change.old != change.new
        assert not change.old or not change.new or change.old[0] != change.new[0]
        assert not change.old or not change.new or change.old[-1] != change.new[-1]


def test_a_word_is_one_edit_of_characters() -> None:
    assert changes("x = tall\ny", "x = wide\ny", 5) == [Change(Span(5, 4, 5, 8), "tall", "wide")]
    assert changes("use(area)", "use(areas)") == [Change(Span(0, 8, 0, 8), "", "s")]


def test_places_that_lie_apart_are_edits_of_their_own() -> None:
    old = "f(a)\none\ntwo\nf(a)\nf(a)"
    assert [(change.span, change.new) for change in changes(old, "f(b)\none\ntwo\nf(b)\nf(c)", apart=2)] == [
        (Span(0, 2, 0, 3), "b"),
        (Span(3, 2, 4, 3), "b)\nf(c"),
    ]


def test_lines_come_and_go_with_one_line_end() -> None:
    assert changes("a\nc", "a\nb\nc") == [Change(Span(1, 0, 1, 0), "", "b\n")]
    assert changes("a\nb\nc", "a\nc") == [Change(Span(1, 0, 2, 0), "b\n", "")]
    assert changes("a", "a\nb") == [Change(Span(0, 1, 0, 1), "", "\nb")]
    assert changes("a\nb", "a") == [Change(Span(0, 1, 1, 1), "\nb", "")]


def test_places_that_lie_close_are_one_edit() -> None:
    assert len(changes("f(a)\none\nf(a)", "f(b)\none\nf(b)")) == 2
    assert changes("f(a)\none\nf(a)", "f(b)\none\nf(b)", apart=2) == [
        Change(Span(0, 2, 2, 3), "a)\none\nf(a", "b)\none\nf(b")
    ]
