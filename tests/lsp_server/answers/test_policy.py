from __future__ import annotations

import pytest

from mellum_ls.lsp_server.answers.completer import Gap
from mellum_ls.lsp_server.answers.policy import why_not, why_not_ask
from mellum_ls.lsp_server.documents.edit_history import LastChange
from mellum_ls.lsp_server.documents.store import Document, Place, split_lines


def gap_at(text: str) -> Gap:
    before, _, _ = text.partition("|")
    place = Place(before.count("\n"), len(before) - before.rfind("\n") - 1)
    return Gap.of(Document("u", "", 1, split_lines(text.replace("|", ""))).snapshot(place), None)


@pytest.mark.parametrize(
    ("text", "silent"),
    [
        *(("fo|o", True), ("a_|b", True), ("x1|2", True), ("é|é", True)),
        *(("foo|", False), ("|foo", False), ("foo |bar", False), ("f(|x)", False), ("a.|b", False), ("|", False)),
    ],
)
def test_inside_a_word_there_is_silence(text: str, silent: bool) -> None:
    assert (why_not(gap_at(text), LastChange()) != "") == silent


@pytest.mark.parametrize(("lines", "silent"), [((1, 1), True), ((0, 2), True), ((0, 0), False), ((2, 3), False)])
def test_after_an_undo_there_is_silence_where_it_was(lines: tuple[int, int], silent: bool) -> None:
    gap = gap_at("a\nb|\nc\nd")
    assert (why_not(gap, LastChange("undone", *lines)) == "the last change was an undo") == silent
    assert why_not_ask(gap, LastChange("undone", *lines)) == ""


@pytest.mark.parametrize(("lines", "silent"), [((1, 1), True), ((0, 0), False)])
def test_after_an_erased_character_the_model_is_not_asked(lines: tuple[int, int], silent: bool) -> None:
    gap = gap_at("a\nb|\nc")
    assert why_not(gap, LastChange("erased", *lines)) == ""
    assert (why_not_ask(gap, LastChange("erased", *lines)) == "a character was erased") == silent


@pytest.mark.parametrize("kind", ["typed", "other"])
def test_other_changes_are_no_reason(kind: str) -> None:
    gap, change = gap_at("a|"), LastChange(kind, 0, 0)  # type: ignore[arg-type]
    assert why_not(gap, change) == why_not_ask(gap, change) == ""
