"""Written-down cases of what a model writes at a cursor and what the document is once its suggestion is accepted.

A case of a file in goldens/ has a `document` with ¦ at the cursor, what the model `wrote`, and either the document
`after` acceptance or nothing = true. It may say why the model ended (`reason`), the `line_end` of the document, the
menu entry that is `selected` (which replaces the `typed` characters before the cursor), the `unit` of indentation that
the client has set, and the `settings`.
"""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mellum_ls.lsp_server.answers.completer import Gap, Selected, Suggestion, fit, fit_ended
from mellum_ls.lsp_server.documents.positions import column_of, utf16_length
from mellum_ls.lsp_server.documents.store import Document, Edit, Place, split_lines
from mellum_ls.lsp_server.features.inline_completion import answer
from mellum_ls.lsp_server.rules.closers import written_closers
from mellum_ls.lsp_server.settings.fields import Settings

GOLDENS = Path(__file__).parent / "goldens"
MARK = "¦"
LANGUAGES = {"python", "typescript", "go", "rust", "java", "c", "lua", "html", "shellscript"}


def cases() -> list[Any]:
    return [
        pytest.param(case, id=f"{path.stem}: {case['name']}")
        for path in sorted(GOLDENS.glob("*.toml"))
        for case in tomllib.loads(path.read_text("utf-8"))["case"]
    ]


def opened(text: str) -> tuple[Document, Place]:
    """The document without its mark, and the mark's place."""
    before, mark, after = text.partition(MARK)
    assert mark, "the case has no cursor"
    assert MARK not in after, "the case has two cursors"
    document = Document("file:///r/case", "", 1, split_lines(before + after))
    lines = split_lines(before)
    return document, Place(len(lines) - 1, utf16_length(lines[-1]))


def accepted(document: Document, suggestion: Suggestion) -> str:
    """The text once an editor has replaced the suggestion's range by it; `document` stays as it is."""
    copy = Document(document.uri, "", 1, list(document.lines))
    line, start, end = suggestion.line, suggestion.start, suggestion.end
    copy.apply(Edit(suggestion.text, Place(line, start), Place(line, end)))
    return copy.text


def check_shape(gap: Gap, suggestion: Suggestion) -> None:
    """What editors rely on, whatever is suggested."""
    snapshot = gap.snapshot
    cursor = column_of(snapshot.current, snapshot.column)
    assert suggestion.line == snapshot.line
    assert 0 <= suggestion.start <= cursor <= suggestion.end <= utf16_length(snapshot.current)
    assert suggestion.text.strip()
    [item] = answer([suggestion])["items"]  # type: ignore[misc]
    units = snapshot.current.encode("utf-16-le", "surrogatepass")
    replaced = units[2 * suggestion.start : 2 * suggestion.end].decode("utf-16-le", "surrogatepass")
    assert item.get("filterText", item["insertText"]).startswith(replaced)
    assert item["range"]["start"]["line"] == item["range"]["end"]["line"]
    # No \r but in line ends that the document has too.
    text = suggestion.text.removeprefix(gap.chosen)
    assert "\r" not in text.replace(snapshot.line_end, "")
    if gap.chosen:
        assert suggestion.text.startswith(gap.chosen)
        assert (suggestion.start, suggestion.end) == tuple(
            column_of(snapshot.current, at) for at in (gap.start, gap.end)
        )


@pytest.mark.parametrize("case", cases())
def test_golden(case: dict[str, Any]) -> None:
    line_end = case.get("line_end", "\n")
    document, place = opened(case["document"].replace("\n", line_end))
    selected = None
    if "selected" in case:
        selected = Selected(case["selected"], Place(place.line, place.character - case["typed"]), place)
    options = Settings(**case.get("settings", {}))
    gap = Gap.of(document.snapshot(place), selected, case.get("unit", ""))
    suggestion = fit_ended(gap, case["wrote"], case.get("reason", "stop"), options)
    if case.get("nothing"):
        assert suggestion is None
        return
    assert suggestion is not None
    check_shape(gap, suggestion)
    assert accepted(document, suggestion) == case["after"].replace("\n", line_end)


@pytest.mark.parametrize("path", sorted(GOLDENS.glob("*.toml")), ids=lambda path: path.stem)
def test_a_file_of_goldens_says_what_rule_it_is_of(path: Path) -> None:
    table = tomllib.loads(path.read_text("utf-8"))
    assert table["rule"]
    names = [case["name"] for case in table["case"]]
    assert len(set(names)) == len(names) >= 5
    known = {"name", "language", "document", "wrote", "after", "nothing", "reason", "line_end", "selected", "typed"}
    for case in table["case"]:
        assert set(case) <= known | {"unit", "settings"}
        assert ("after" in case) != ("nothing" in case)
        assert case["language"] in LANGUAGES


def test_the_goldens_are_of_all_languages() -> None:
    assert {parameters.values[0]["language"] for parameters in cases()} == LANGUAGES


PAIRS = {"(": ")", "[": "]", "{": "}", "<": ">", '"': '"', "'": "'", "`": "`"}
QUOTES = frozenset("\"'`")


def closed(opening: str) -> str:
    return "".join(PAIRS[char] for char in reversed(opening))


OPENINGS = [
    *PAIRS,
    *(f"{first}{second}" for first in "([{" for second in PAIRS if second != "<"),
    *("([{", '([{"', "(('", "[[`"),
]


@pytest.mark.parametrize("opening", OPENINGS)
@pytest.mark.parametrize("behind", ["", ";", ":", ","])
def test_what_an_editor_has_closed_never_stands_twice(opening: str, behind: str) -> None:
    """However many of the closers the model writes, with the separator behind them or without."""
    closing = closed(opening)
    document, place = opened(f"x = f{opening}{MARK}{closing}{behind}\ny = 1\n")
    gap = Gap.of(document.snapshot(place), None)
    for count in range(len(closing) + 1):
        for tail in {"", behind} if count == len(closing) else {""}:
            suggestion = fit(gap, "a" + closing[:count] + tail, Settings())
            assert suggestion is not None
            check_shape(gap, suggestion)
            assert accepted(document, suggestion) == f"x = f{opening}a{closing}{behind}\ny = 1\n"


@pytest.mark.parametrize("opening", OPENINGS)
def test_what_goes_on_behind_the_closers_replaces_them(opening: str) -> None:
    closing = closed(opening)
    document, place = opened(f"x = f{opening}{MARK}{closing}\ny = 1\n")
    suggestion = fit(Gap.of(document.snapshot(place), None), f"a{closing}.g", Settings())
    assert suggestion is not None
    assert accepted(document, suggestion) == f"x = f{opening}a{closing}.g\ny = 1\n"
    assert written_closers(f"x = f{opening}", f"a{closing}.g", closing) == len(closing)


SIGNS = st.sampled_from([*"ab1 \t()[]{}<>\"'`,;:#/*-=.", "\n", "\r\n", "\r", "    ", "é", "🎉", "\u2028", "\ud83d"])
CODE = st.lists(
    st.one_of(SIGNS, st.sampled_from(["<|fim_middle|>", "# ", "// TODO", "return x\n", '"""'])), max_size=30
)
PLACES = st.builds(Place, st.integers(-1, 8), st.integers(-1, 20))
SELECTED = st.none() | st.builds(Selected, st.text("abé🎉(", max_size=5), PLACES, PLACES)


@settings(max_examples=400)
@given(
    CODE, CODE, PLACES, SELECTED, st.sampled_from(["stop", "length", "loop", "line"]), st.sampled_from(["", "\t", "  "])
)
@example(["f(", ")"], ["a", ")"], Place(0, 2), None, "stop", "")
@example(["🎉", "x"], ["\r\n", "b", "\r"], Place(0, 2), Selected("xy", Place(0, 2), Place(0, 3)), "stop", "\t")
def test_any_text_at_any_place_fits_or_is_nothing(
    document_parts: list[str], written: list[str], place: Place, selected: Selected | None, reason: str, unit: str
) -> None:
    document = Document("file:///r/case", "", 1, split_lines("".join(document_parts)))
    gap = Gap.of(document.snapshot(place), selected, unit)
    text = "".join(written)
    for suggestion in (
        fit_ended(gap, text, reason, Settings()),
        fit(gap, text, Settings(max_lines=2), whole=False),
    ):
        if suggestion is None:
            continue
        check_shape(gap, suggestion)
        if "<|fim_middle|>" not in document.text + gap.chosen:
            assert "<|fim_middle|>" not in suggestion.text
        assert accepted(document, suggestion) != document.text or selected is not None
