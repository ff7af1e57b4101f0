from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mellum_ls.lsp_server.answers.completer import Gap, Selected, Suggestion, fit_ended
from mellum_ls.lsp_server.answers.parked import Parked, ParkedTexts, Served, rest_of, typed_since
from mellum_ls.lsp_server.documents.positions import utf16_length
from mellum_ls.lsp_server.documents.store import Document, Edit, Place, split_lines
from mellum_ls.lsp_server.settings.fields import Settings

SETTINGS = Settings()


def gap_at(text: str, uri: str = "u", selected: Selected | None = None) -> Gap:
    """The gap at the | of `text`."""
    before, _, after = text.partition("|")
    lines = split_lines(before)
    place = Place(len(lines) - 1, utf16_length(lines[-1]))
    return Gap.of(Document(uri, "python", 1, split_lines(before + after)).snapshot(place), selected)


def parked_at(text: str, written: str, known: str = "") -> Parked:
    gap = gap_at(text)
    return Parked(gap, written, "line", None if known else fit_ended(gap, written, "line", SETTINGS), known)


@pytest.mark.parametrize(
    ("then", "now", "typed"),
    [
        ("x = |", "x = |", ""),
        ("x = |", "x = ab|", "ab"),
        ("a\nx|\nb", "a\nx:\n    y|\nb", ":\n    y"),
        ("a\r\nx|\r\nb", "a\r\nx:\r\n y|\r\nb", ":\n y"),
        ("f|", "f(|)", "("),
        ("f(|)", "f(a|", "a"),
        ("x = |\ny", "x = a|\nz", None),
        ("w\nx = |", "v\nx = a|", None),
        ("x = |b", "x = a|c", None),
        ("x = ab|", "x = a|", None),
        ("x = |", "y = |", None),
        ("x\ny|", "x|", None),
        ("x|", "x\n\ny|\n", None),
    ],
)
def test_what_was_typed_between_two_gaps(then: str, now: str, typed: str | None) -> None:
    assert typed_since(gap_at(then), gap_at(now)) == typed


@pytest.mark.parametrize(
    ("then", "written", "now", "text"),
    [
        ("x = |", "foo(a)", "x = fo|", "o(a)"),
        ("x = |", "foo(a)", "x = foo(a)|", None),
        ("x = |", "foo(a)", "x = bar|", None),
        # The editor has put in the closer, which the suggestion writes itself.
        ("x = |", "foo(a)", "x = foo(|)", "a"),
        ("def f():|", "\n    return 1\n    # end", "def f():\n    |", "return 1\n    # end"),
        ("def f():|\r\n", "\n    return 1\n    # end", "def f():\r\n    r|\r\n", "eturn 1\r\n    # end"),
        ("x = |", "", "x = |", ""),
        ("x = |", "", "x = a|", None),
    ],
)
def test_the_rest_is_served_to_who_types_along(then: str, written: str, now: str, text: str | None) -> None:
    served = rest_of(parked_at(then, written), gap_at(now), SETTINGS)
    if text is None:
        assert served is None
    else:
        assert served is not None
        assert (served.suggestion.text if served.suggestion else "") == text


def test_what_follows_a_suggestion_is_served_behind_it_only() -> None:
    ahead = parked_at("x = |", "a\ny = b", known="a")
    assert rest_of(ahead, gap_at("x = |"), SETTINGS) is None
    served = rest_of(ahead, gap_at("x = a|"), SETTINGS)
    assert served == Served(Suggestion("\ny = b", 0, 5, 5))
    assert rest_of(ahead, gap_at("x = a\ny|"), SETTINGS) == Served(Suggestion(" = b", 1, 1, 1))


def test_a_menu_entry_counts_as_typed() -> None:
    selected = Selected("print", Place(0, 0), Place(0, 3))
    served = rest_of(parked_at("|", "print(x)"), gap_at("pri|", selected=selected), SETTINGS)
    assert served == Served(Suggestion("print(x)", 0, 0, 3))


def test_what_is_replaced_behind_the_cursor_stays_replaced() -> None:
    shown = Suggestion("a, b) -> int:", 0, 2, 4)
    parked = replace(parked_at("f(|):", "a, b) -> int:"), shown=shown)
    assert parked.replaces == 2
    assert rest_of(parked, gap_at("f(a|):"), SETTINGS) == Served(Suggestion(", b) -> int:", 0, 3, 5))


def test_the_newest_answer_that_fits_is_taken() -> None:
    texts = ParkedTexts()
    texts.put(parked_at("x = |", "one"))
    texts.put(parked_at("x = |", "oak"))
    for typed, rest in (("o", "ak"), ("on", "e")):
        served = texts.find(gap_at(f"x = {typed}|"), SETTINGS)
        assert served is not None
        assert served.suggestion is not None
        assert served.suggestion.text == rest
    assert texts.find(gap_at("x = o|", uri="v"), SETTINGS) is None
    texts.forget("u")
    assert texts.find(gap_at("x = |"), SETTINGS) is None
    assert len(texts) == 0


def test_it_keeps_a_bounded_number() -> None:
    texts = ParkedTexts()
    for number in range(100):
        texts.put(replace(parked_at("x = |", "a"), gap=gap_at("x = |", uri=str(number % 40))))
        for other in range(20):
            texts.put(parked_at(f"{other} = |", "a"))
    assert len(texts) <= 16 * 8
    texts.forget()
    assert len(texts) == 0


TEXTS = st.text(alphabet="ab(){}\n\t 'é😀", max_size=12)


@given(above=TEXTS, before=st.text(alphabet="ab( ", max_size=4), below=TEXTS, written=TEXTS, data=st.data())
def test_typing_along_a_suggestion_gives_exactly_what_is_left_of_it(
    above: str, before: str, below: str, written: str, data: st.DataObject
) -> None:
    document = Document("u", "python", 1, split_lines(f"{above}\n{before}\n{below}"))
    line = len(split_lines(above))
    gap = Gap.of(document.snapshot(Place(line, len(before))), None)
    shown = fit_ended(gap, written, "line", SETTINGS)
    parked = Parked(gap, written, "line", shown)
    if shown is None:
        return
    size = data.draw(st.integers(0, len(shown.text)))
    typed, rest = shown.text[:size], shown.text[size:]
    document.apply(Edit(typed, Place(line, len(before)), Place(line, len(before))))
    ends = split_lines(typed)
    column = utf16_length(ends[-1]) + (len(before) if len(ends) == 1 else 0)
    now = Gap.of(document.snapshot(Place(line + len(ends) - 1, column)), None)
    served = rest_of(parked, now, SETTINGS)
    if written.startswith(typed) and rest.strip():
        assert served is not None
        assert served.suggestion is not None
        assert served.suggestion.text == rest


@given(then=TEXTS, now=TEXTS, places=st.tuples(st.integers(0, 12), st.integers(0, 12)), written=TEXTS)
def test_what_is_served_is_what_the_model_wrote_for_this_very_text(
    then: str, now: str, places: tuple[int, int], written: str
) -> None:
    texts = [f"{text[:place]}|{text[place:]}" for text, place in zip((then, now), places, strict=True)]
    gaps = [gap_at(text) for text in texts]
    typed = typed_since(*gaps)
    if typed is not None:
        behind = [text.partition("|")[2].split("\n", 1) for text in texts]
        assert texts[0].partition("|")[0] + typed == texts[1].partition("|")[0]
        assert behind[0][1:] == behind[1][1:]
    served = rest_of(Parked(gaps[0], written, "line", fit_ended(gaps[0], written, "line", SETTINGS)), gaps[1], SETTINGS)
    assert served is None or (typed is not None and written.startswith(typed))


def test_what_may_come_again_is_what_was_written_and_not_typed_yet() -> None:
    texts = ParkedTexts()
    assert texts.predicted(gap_at("x = |")) == ""
    texts.put(parked_at("x = |", "foo(bar)"))
    assert texts.predicted(gap_at("x = |")) == "foo(bar)"
    assert texts.predicted(gap_at("x = fo|")) == "o(bar)"
    # Something else was typed than was shown: parts of it may come all the same.
    assert texts.predicted(gap_at("x = not |")) == "foo(bar)"
    assert texts.predicted(gap_at("y = |")) == ""
    assert texts.predicted(gap_at("x = |", uri="other")) == ""
    texts.put(parked_at("x = no|", "t bar"))
    assert texts.predicted(gap_at("x = not |")) == "bar"
