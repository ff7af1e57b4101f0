"""What counts as shown: scores on small files, and the same texts as the language server would show."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mellum_ls.lsp_server.answers.completer import Gap, fit_ended
from mellum_ls.lsp_server.documents.store import Document, Place, split_lines
from mellum_ls.lsp_server.settings.fields import Settings
from mellum_ls.runtime.generate import Reason
from mellum_ls.runtime.nano.answers import Answer
from mellum_ls.runtime.nano.corpus import SourceFile
from mellum_ls.runtime.nano.holes import Hole, single_line_holes
from mellum_ls.runtime.nano.shown import score, shown

TEXT = """import os


def rows(table, limit):
    found = [row for row in table if row["size"] > limit]
    for row in found:
        print(row, os.path.join("a", str(row)))
    return sorted(
        found,
        key=lambda row: row["size"],
    )
"""
FILE = SourceFile("p", "1", "p/a.py", TEXT)


def hole(start: str, end: str = "\n", text: str = TEXT) -> Hole:
    """The hole from the end of `start` to the next `end`."""
    begin = text.index(start) + len(start)
    return Hole(SourceFile("p", "1", "p/a.py", text), "boundary", begin, text.index(end, begin))


RETURN, FOUND, CALL = hole("return "), hole("found = "), hole("print(row, ")


@pytest.mark.parametrize(
    ("place", "text", "reason", "visible"),
    [
        (FOUND, "list(table)", "stop", "list(table)"),
        (FOUND, "list(table", "stop", "list(table)"),
        (FOUND, "[", "stop", ""),
        (FOUND, "list(table", "length", "list(table)"),
        (FOUND, "list(table)", "loop", ""),
        (FOUND, "  ", "stop", ""),
        (CALL, "limit", "stop", "limit)"),
        (RETURN, "max(", "stop", "max("),
        (RETURN, "found", "stop", ""),
    ],
)
def test_what_is_shown(place: Hole, text: str, reason: Reason, visible: str) -> None:
    assert shown(place, Answer(text, reason)) == visible


def test_scores_count_what_is_shown_of_what_was_suggested() -> None:
    texts = ["[row for row in table]", "[", FOUND.target.removesuffix("]"), "", "a a a a", "b ="]
    found = score([FOUND] * 6, [Answer(text, "stop") for text in texts])
    assert (found.suggestions, found.shown, found.share, found.mended) == (5, 4, 4 / 5, 1)
    assert found.parsable == 2 / 4
    assert found.parsable_before == 1 / 5
    assert found.exact == 1 / 6
    assert found.repetition == 1 / 4
    assert found.truths_changed == 0


def test_files_that_did_not_parse_before_do_not_count_as_broken() -> None:
    broken = hole("x = ", text="def f(:\n    x = 1\n")
    found = score([broken, FOUND], [Answer("2", "stop"), Answer("None", "stop")])
    assert (found.shown, found.parsable, found.parsable_before) == (2, 1.0, 1.0)


def test_a_hole_whose_own_text_would_not_be_shown_is_counted() -> None:
    odd = hole("x = ", text="x = 'it\n")
    assert score([odd], [Answer("1", "stop")]).truths_changed == 1


HOLES = single_line_holes([SourceFile("p", "1", f"p/{i}.py", TEXT) for i in range(20)], 60, 1)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(
    st.sampled_from(HOLES),
    st.integers(0, 30),
    st.text("ab()[]{}'\":, =.", max_size=12),
    st.sampled_from(["stop", "line", "length", "loop"]),
)
def test_the_server_shows_the_same(place: Hole, kept: int, more: str, reason: Reason) -> None:
    text = (place.target[:kept] + more).lstrip()
    prefix = place.file.text[: place.start]
    document = Document("file:///a.py", "python", 1, split_lines(place.filled("")))
    cursor = Place(prefix.count("\n"), len(prefix) - prefix.rfind("\n") - 1)
    suggestion = fit_ended(Gap.of(document.snapshot(cursor), None), text, reason, Settings())
    assert ("" if suggestion is None else suggestion.text) == shown(place, Answer(text, reason))
