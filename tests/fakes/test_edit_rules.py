"""Each rule for next edits: a result that keeps them all, and for each fault one that has it."""

from dataclasses import replace
from typing import Any

import pytest

from tests.fakes.edit_rules import AskedEdit, edit_faults

ASKED = AskedEdit("u", 3, "é🎉 = area\r\nprint(area)\r\n")
COMMAND = {"title": "accept", "command": "x", "arguments": ["1"]}


def span(line: int, start: int, end: int, end_line: int | None = None) -> dict[str, Any]:
    return {
        "start": {"line": line, "character": start},
        "end": {"line": line if end_line is None else end_line, "character": end},
    }


def edit(**fields: Any) -> dict[str, Any]:
    document = {"uri": "u", "version": 3}
    return {"text": "surface", "textDocument": document, "range": span(1, 6, 10), "command": COMMAND, **fields}


@pytest.mark.parametrize(
    "good",
    [
        {"edits": []},
        {"edits": [edit()]},
        {"edits": [edit(range=span(0, 6, 10))]},
        {"edits": [edit(text="a\r\nb", range=span(0, 0, 0, 1))]},
        {"edits": [edit(text="", range=span(1, 0, 11))]},
    ],
)
def test_good_results_have_no_faults(good: dict[str, Any]) -> None:
    assert edit_faults(good, ASKED) == []


BAD = [
    (None, "not an object"),
    ({"edits": None}, "not a list"),
    ({}, "not a list"),
    ({"edits": [], "silence": ""}, "unknown field silence"),
    ({"edits": [edit(), edit(range=span(0, 6, 10))]}, "2 edits"),
    ({"edits": [None]}, "not exactly"),
    ({"edits": [edit(newText="x")]}, "not exactly"),
    ({"edits": [edit(command=None)]}, "no title"),
    ({"edits": [edit(command={**COMMAND, "arguments": []})]}, "begin with an id"),
    ({"edits": [edit(textDocument={"uri": "u"})]}, "uri and version"),
    ({"edits": [edit(textDocument={"uri": "v", "version": 3})]}, "another document"),
    ({"edits": [edit(textDocument={"uri": "u", "version": 2})]}, "not that of the request"),
    ({"edits": [edit(text=None)]}, "the text is none"),
    ({"edits": [edit(text="\ud83d")]}, "half a character"),
    ({"edits": [edit(text="<fim_middle>")]}, "special token"),
    ({"edits": [edit(text="a\nb")]}, "line end"),
    ({"edits": [edit(range=None)]}, "no range"),
    ({"edits": [edit(range=span(1, 6, 99))]}, "not inside"),
    ({"edits": [edit(range=span(0, 2, 10))]}, "not inside"),
    ({"edits": [edit(range=span(1, 10, 6))]}, "before it starts"),
    ({"edits": [edit(text="area")]}, "changes nothing"),
    ({"edits": [edit(text="  area")]}, "changes nothing"),
]


@pytest.mark.parametrize(("result", "fault"), BAD)
def test_bad_results(result: object, fault: str) -> None:
    [found] = edit_faults(result, ASKED)
    assert fault in found


def test_in_full_there_is_an_edit_or_a_reason() -> None:
    asked = replace(ASKED, in_full=True, others=True)
    empty = {"kind": "", "reason": ""}
    assert edit_faults({"edits": [], "silence": "why", **empty}, asked) == []
    assert edit_faults({"edits": [edit()], "silence": "", **empty}, asked) == []
    assert (
        edit_faults({"edits": [edit(textDocument={"uri": "v", "version": None})], "silence": "", **empty}, asked) == []
    )
    for both in ({"edits": [], "silence": ""}, {"edits": [edit()], "silence": "why"}):
        [found] = edit_faults({**both, **empty}, asked)
        assert "neither" in found
