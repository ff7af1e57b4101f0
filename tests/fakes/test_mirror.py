"""The client's own copy of its documents: the examples of the protocol, and the server's store as its counterpart."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mellum_ls.lsp_server.documents.store import DocumentStore
from mellum_ls.lsp_server.wire.params import changed as read_change
from tests.fakes.mirror import Mirror, Spot, clamp, is_inside, line_ends_of, replaced

URI = "file:///a.py"


@pytest.mark.parametrize(
    ("text", "line", "character", "spot"),
    [
        ("ab\ncd", 0, 9, Spot(0, 2)),
        ("ab\r\ncd", 0, 3, Spot(0, 2)),
        ("ab\ncd", 7, 1, Spot(1, 2)),
        ("ab", -1, 1, Spot(0, 0)),
        ("ab", 0, -4, Spot(0, 0)),
        ("a🎉b", 0, 2, Spot(0, 1)),
        ("a🎉b", 0, 3, Spot(0, 3)),
        ("a\u2028b", 0, 3, Spot(0, 3)),
        ("", 0, 0, Spot(0, 0)),
    ],
)
def test_positions_are_moved_into_the_document(text: str, line: int, character: int, spot: Spot) -> None:
    asked = {"line": line, "character": character}
    assert clamp(text, asked) == spot
    assert is_inside(text, asked) == (spot == Spot(line, character))


def test_line_ends_are_those_of_the_protocol() -> None:
    assert line_ends_of("a\r\nb\nc\rd\u2028e\x0c") == {"\r\n", "\n", "\r"}


def test_a_range_that_ends_before_it_starts_is_its_start() -> None:
    assert replaced("abc", Spot(0, 2), Spot(0, 1), "x") == "abxc"


PIECES = st.sampled_from(["a", "🎉", "語", "\n", "\r\n", "\r", "\u2028", "\x0b", "é", " "])
TEXTS = st.lists(PIECES, max_size=6).map("".join)
PLACES = st.fixed_dictionaries({"line": st.integers(-1, 5), "character": st.integers(-1, 9)})
RANGES = st.none() | st.fixed_dictionaries({"start": PLACES, "end": PLACES})
CHANGES = st.fixed_dictionaries({"text": TEXTS, "range": RANGES})


@given(text=TEXTS, changes=st.lists(CHANGES, max_size=5))
def test_it_holds_what_the_server_holds(text: str, changes: list[dict[str, Any]]) -> None:
    mirror, store = Mirror(), DocumentStore()
    mirror.follow("textDocument/didOpen", {"textDocument": {"uri": URI, "text": text}})
    document = store.open(URI, "python", 1, text)
    params = {"textDocument": {"uri": URI, "version": 2}, "contentChanges": changes}
    mirror.follow("textDocument/didChange", params)
    store.change(URI, 2, read_change(json.loads(json.dumps(params))).edits)
    assert mirror.text(URI) == document.text


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("textDocument/didOpen", None),
        ("textDocument/didOpen", {"textDocument": {"uri": 3, "text": ""}}),
        ("textDocument/didOpen", {"textDocument": {"uri": URI, "text": None}}),
        ("textDocument/didChange", {"textDocument": {"uri": URI}, "contentChanges": [{"text": "x"}, {"text": 5}]}),
        ("textDocument/didChange", {"textDocument": {"uri": "file:///other.py"}, "contentChanges": [{"text": "x"}]}),
        ("textDocument/didClose", {"textDocument": {"uri": None}}),
        ("no/such", {"textDocument": {"uri": URI, "text": "x"}}),
    ],
)
def test_what_no_server_could_read_changes_nothing(method: str, params: object) -> None:
    mirror = Mirror()
    mirror.follow("textDocument/didOpen", {"textDocument": {"uri": URI, "text": "as it was"}})
    mirror.follow(method, params)
    assert mirror.text(URI) == "as it was"
    mirror.follow("textDocument/didClose", {"textDocument": {"uri": URI}})
    assert mirror.text(URI) is None
