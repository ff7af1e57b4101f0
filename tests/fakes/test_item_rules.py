"""Each rule for results: a result that keeps them all, and for each fault one that has it."""

from typing import Any

import pytest

from tests.fakes.item_rules import Asked, result_faults, special_tokens

TEXT = "x = pri\r\nné = 🎉.\r\n"
CURSOR = {"line": 0, "character": 7}


def span(start: int, end: int, line: int = 0, end_line: int | None = None) -> dict[str, Any]:
    return {
        "start": {"line": line, "character": start},
        "end": {"line": line if end_line is None else end_line, "character": end},
    }


def item(**fields: Any) -> dict[str, Any]:
    return {"insertText": "print()\r\nprint()", "range": span(4, 7), **fields}


def faults(result: object, asked: Asked | None = None) -> list[str]:
    return result_faults(result, asked or Asked(TEXT, CURSOR))


@pytest.mark.parametrize(
    "good",
    [
        item(),
        item(insertText="nt(x)", range=span(7, 7)),
        item(insertText="💥", range=span(7, 7)),
        item(insertText="x", filterText="pri!"),
        item(command={"title": "accept", "command": "mellum.accept", "arguments": ["1"]}),
        item(insertText="'<fim_' + 'middle>'", range=span(7, 7)),
    ],
)
def test_good_items_have_no_faults(good: dict[str, Any]) -> None:
    assert faults({"items": [good]}) == faults({"items": []}) == []


BAD_RESULTS = [
    (None, "not an object"),
    ([], "not an object"),
    ({"items": None}, "items is not a list"),
    ({}, "items is not a list"),
    ({"items": [], "isIncomplete": False}, "unknown field isIncomplete"),
    ({"items": [None]}, "item 0: it is not an object"),
]


@pytest.mark.parametrize(("result", "fault"), BAD_RESULTS)
def test_bad_results(result: object, fault: str) -> None:
    [found] = faults(result)
    assert fault in found


BAD_ITEMS = [
    (item(insertText=None), "not a text with something"),
    (item(insertText=""), "not a text with something"),
    (item(insertText={"kind": "snippet", "value": "x"}), "not a text with something"),
    (item(insertText=" \r\n", range=span(7, 7)), "nothing to be seen"),
    (item(insertText="pri\ud83d"), "half a character"),
    (item(insertText="print<fim_middle>"), "special token <fim_middle>"),
    (item(insertText="print<|endoftext|>"), "special token <|endoftext|>"),
    (item(insertText="pri" + "x" * 9_000), "too long"),
    (item(insertText="print\nx"), r"the line end '\n'"),
    (item(insertText="print\rx"), r"the line end '\r'"),
    (item(filterText=3), "filterText"),
    (item(range=None), "no range"),
    (item(range={"start": {"line": 0, "character": 4}}), "no range"),
    (item(range=span(4, True)), "no range"),
    (item(range=span(4, 0, end_line=1)), "not on one line"),
    (item(range=span(4, 8)), "not inside the document"),
    (item(range=span(-1, 7)), "not inside the document"),
    (item(range=span(0, 0, line=9)), "not inside the document"),
    (item(range=span(4, 6)), "does not contain the position"),
    (item(range=span(0, 0, line=1)), "does not contain the position"),
    (item(insertText="mint()"), "does not begin the text"),
    (item(filterText="xpr"), "does not begin the text"),
    (item(command="mellum.accept"), "command is not an object"),
    (item(command=None), "command is not an object"),
    (item(command={"command": "mellum.accept"}), "command.title"),
    (item(command={"title": "accept", "command": ""}), "command.command"),
    (item(command={"title": "a", "command": "b", "arguments": {}}), "command.arguments"),
    (item(text="print()"), "unknown field text"),
]


@pytest.mark.parametrize(("bad", "fault"), BAD_ITEMS)
def test_bad_items(bad: dict[str, Any], fault: str) -> None:
    [found] = faults({"items": [item(), bad]})
    assert found.startswith("item 1: ")
    assert fault in found


@pytest.mark.parametrize(
    ("text", "character", "column", "fault"),
    [
        ("🎉 = ", 5, 5, None),
        ("🎉 = ", 5, 4, "does not contain"),
        ("🎉 = ", 5, 6, "not inside"),
        # The client may name a column inside a character: what counts is the start of that character.
        ("🎉 = ", 1, 0, None),
        ("🎉 = ", 1, 1, "not inside"),
        ("語語", 2, 2, None),
        ("語語", 2, 6, "not inside"),
    ],
)
def test_ranges_are_in_utf16_and_between_characters(text: str, character: int, column: int, fault: str | None) -> None:
    asked = Asked(text, {"line": 0, "character": character})
    found = faults({"items": [item(insertText="x", range=span(column, column))]}, asked)
    assert [fault in each for each in found] == [True] if fault else found == []


@pytest.mark.parametrize(
    ("text", "written", "fault"),
    [
        ("a\nb", "x\r\ny", r"'\r\n'"),
        ("a", "x\r\ny", r"'\r\n'"),
        ("a", "x\ny", None),
        ("a\rb", "x\ry", None),
        ("a\r\nb\nc", "x\ny\r\nz", None),
    ],
)
def test_line_ends_are_those_of_the_document(text: str, written: str, fault: str | None) -> None:
    found = faults({"items": [item(insertText=written, range=span(1, 1))]}, Asked(text, {"line": 0, "character": 1}))
    assert [fault in each for each in found] == [True] if fault else found == []


CHOSEN = {"text": "print", "range": span(4, 7)}


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (item(insertText="print()"), None),
        (item(insertText="print"), "does not extend"),
        (item(insertText="pri()"), "does not extend"),
        (item(insertText="nt()", range=span(7, 7)), "not that of the chosen entry"),
    ],
)
def test_a_chosen_entry_is_extended_over_its_own_range(answer: dict[str, Any], fault: str | None) -> None:
    found = faults({"items": [answer]}, Asked(TEXT, CURSOR, CHOSEN))
    assert any(fault in each for each in found) if fault else found == []


def test_a_chosen_entry_elsewhere_asks_for_nothing() -> None:
    for place in (span(0, 3), span(4, 0, end_line=1), span(0, 1, line=1)):
        asked = Asked(TEXT, CURSOR, {"text": "print", "range": place})
        assert faults({"items": [item()]}, asked) == []


def test_special_tokens_that_the_user_writes_about_are_text() -> None:
    item_of_it = item(insertText="'<fim_middle>'", range=span(13, 13))
    assert faults({"items": [item_of_it]}, Asked("'<fim_middle>", {"line": 0, "character": 13})) == []


def test_the_special_tokens_are_those_of_the_shipped_tokenizer() -> None:
    assert {"<fim_prefix>", "<fim_middle>", "<fim_suffix>", "<|endoftext|>", "<filename>"} <= set(special_tokens())
