from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mellum_ls.lsp_server.documents.edit_history import EditHistories, EditHistory, Kind, LastChange, Replaced
from mellum_ls.lsp_server.documents.store import Document, Edit, Place, split_lines


def at(column: int, removed: str, inserted: str, line: int = 0) -> Replaced:
    return Replaced(line, column, removed, inserted)


TYPED = [at(0, "", "f"), at(1, "", "o"), at(2, "", "o")]
CASES: dict[str, tuple[list[Replaced], list[Kind]]] = {
    "typing": (TYPED, ["typed", "typed", "typed"]),
    "a word typed and undone as one": ([*TYPED, at(0, "foo", "")], ["typed", "typed", "typed", "undone"]),
    "undone and redone": (
        [*TYPED, at(0, "foo", ""), at(0, "", "foo")],
        ["typed", "typed", "typed", "undone", "undone"],
    ),
    "the backspace key is no undo": ([at(0, "", "a"), at(0, "a", "")], ["typed", "erased"]),
    "nor is a character typed again": ([at(0, "a", ""), at(0, "", "a")], ["erased", "typed"]),
    "a word erased by keys and put back": (
        [at(2, "o", ""), at(1, "o", ""), at(1, "", "oo")],
        ["erased", "erased", "undone"],
    ),
    "a deleted line put back": ([at(0, "one\n", ""), at(0, "", "one\n")], ["other", "undone"]),
    "a selection replaced and put back": ([at(4, "old", "new"), at(4, "new", "old")], ["other", "undone"]),
    "the same text elsewhere": ([at(4, "old", "new"), at(9, "new", "old")], ["other", "other"]),
    "two undone one after the other": (
        [at(0, "ab", "cd"), at(5, "xy", "zw"), at(5, "zw", "xy"), at(0, "cd", "ab")],
        ["other", "other", "undone", "undone"],
    ),
    "a new edit forgets what could be redone": (
        [at(0, "ab", "cd"), at(0, "cd", "ab"), at(7, "", "x"), at(0, "ab", "cd")],
        ["other", "undone", "typed", "other"],
    ),
    "lines typed and undone": (
        [at(3, "", "\n"), at(0, "", "xy", line=1), at(3, "\nxy", "")],
        ["typed", "typed", "undone"],
    ),
}


@pytest.mark.parametrize(("edits", "kinds"), CASES.values(), ids=CASES)
def test_kinds_of_changes(edits: list[Replaced], kinds: list[Kind]) -> None:
    history = EditHistory()
    assert [history.note([edit]) for edit in edits] == kinds


def test_several_edits_at_once_are_undone_at_once() -> None:
    history = EditHistory()
    assert history.note([at(0, "", "# ", line=1), at(0, "", "# ", line=0)]) == "other"
    assert history.note([at(0, "# ", "", line=0), at(0, "# ", "", line=1)]) == "undone"
    assert history.note([]) == "other"


def test_a_text_too_long_to_be_kept_is_not_kept() -> None:
    history = EditHistory()
    assert history.note([at(0, "x" * 100_000, "y")]) == "other"
    assert history.note([at(0, "y", "x" * 100_000)]) == "other"


def test_histories_say_where_the_last_change_of_a_document_was() -> None:
    histories = EditHistories()
    assert histories.last("u") == LastChange()
    histories.note("u", [at(0, "", "a\nb", line=3), at(0, "", "c", line=1)])
    assert histories.last("u") == LastChange("other", 1, 4)
    histories.note("u", [at(3, "x", "", line=2)])
    assert histories.last("u") == LastChange("erased", 2, 2)
    assert histories.last("v") == LastChange()
    histories.forget("u")
    assert (histories.last("u"), len(histories)) == (LastChange(), 0)


@given(
    text=st.text(alphabet="ab\n\r😀 ", max_size=30),
    inserted=st.text(alphabet="xy\n\r😀", min_size=2, max_size=6),
    place=st.tuples(st.integers(0, 6), st.integers(0, 6)),
    end=st.tuples(st.integers(0, 6), st.integers(0, 6)),
)
def test_an_applied_edit_says_what_it_replaced(
    text: str, inserted: str, place: tuple[int, int], end: tuple[int, int]
) -> None:
    document = Document("u", "", 1, split_lines(text))
    replaced = document.apply(Edit(inserted, Place(*place), Place(*end)))
    start = sum(map(len, split_lines(text)[: replaced.line])) + replaced.column
    assert text[start : start + len(replaced.removed)] == replaced.removed
    assert document.text == text[:start] + inserted + text[start + len(replaced.removed) :]
