import pytest
from hypothesis import given
from hypothesis import strategies as st

from mellum_ls.lsp_server.demo.buffer import Buffer
from mellum_ls.lsp_server.documents.store import Document, Edit, Place, split_lines

TEXT = st.text(alphabet="ab \n🙂é", max_size=30)


def as_edit(change: dict[str, object]) -> Edit:
    span = change["range"]
    assert isinstance(span, dict)
    return Edit(str(change["text"]), Place(**span["start"]), Place(**span["end"]))


@given(before=TEXT, after=TEXT, typed=TEXT, count=st.integers(0, 30))
def test_the_server_ends_up_with_the_editors_text(before: str, after: str, typed: str, count: int) -> None:
    buffer = Buffer("a.py", before, after)
    server = Document("file:///a.py", "python", 1, split_lines(buffer.text))
    for change in (buffer.delete(count), buffer.insert(typed)):
        server.apply(as_edit(change))
    assert server.text == buffer.text == before + typed + after[count:]
    assert buffer.version == 3


def test_positions_count_utf16() -> None:
    assert Buffer("a.py", "x\n🙂y", "z").position() == {"line": 1, "character": 3}


def test_the_cursor_moves_and_knows_its_line() -> None:
    buffer = Buffer("a.py", "", "one\ntwo three\nfour")
    buffer.move(8)
    assert (buffer.line, buffer.line_before, buffer.line_after) == (1, "two ", "three")


def item(text: str, start: int, end: int, line: int = 0) -> dict[str, object]:
    span = {"start": {"line": line, "character": start}, "end": {"line": line, "character": end}}
    return {"insertText": text, "range": span}


@pytest.mark.parametrize(
    ("offered", "added"),
    [
        (item("bar", 4, 4), "bar"),
        (item("foo(bar", 0, 4), "bar"),
        (item("bar)", 4, 5), "bar"),
        ({"insertText": "bar"}, "bar"),
        (item("bar", 4, 4, line=1), ""),
        (item("bar", 4, 5), ""),
        (item("bar", 0, 4), ""),
    ],
)
def test_what_an_item_adds_at_the_cursor(offered: dict[str, object], added: str) -> None:
    assert Buffer("a.py", "foo(", ")").insertion(offered) == added
