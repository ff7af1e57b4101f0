import pytest
from hypothesis import given
from hypothesis import strategies as st

from mellum_ls.lsp_server.documents.store import DocumentStore, Edit, Place
from mellum_ls.lsp_server.keystrokes.utf16_text import OutsideText, Replacement, Utf16Text

TEXTS = st.text(alphabet="ab\n\r é🙂𐐀", max_size=12)


def units(text: str) -> bytes:
    return text.encode("utf-16-le")


@st.composite
def edited_texts(draw: st.DrawFn) -> tuple[str, list[Replacement]]:
    text = draw(TEXTS)
    size = len(units(text)) // 2
    count = draw(st.integers(0, 3))
    cuts = sorted(draw(st.lists(st.integers(0, size), min_size=2 * count, max_size=2 * count)))
    pairs = zip(cuts[::2], cuts[1::2], strict=True)
    return text, [Replacement(start, end, draw(TEXTS)) for start, end in pairs]


def by_hand(text: str, replacements: list[Replacement]) -> str:
    raw, result, reached = units(text), b"", 0
    for one in replacements:
        result += raw[2 * reached : 2 * one.start] + units(one.text)
        reached = one.end
    return (result + raw[2 * reached :]).decode("utf-16-le", "surrogatepass")


def edit_of(change: dict[str, object]) -> Edit:
    span = change["range"]
    assert isinstance(span, dict)
    return Edit(str(change["text"]), Place(**span["start"]), Place(**span["end"]))


@given(edited_texts())
def test_the_servers_store_comes_to_the_same_text_by_the_content_changes(case: tuple[str, list[Replacement]]) -> None:
    text, replacements = case
    mine = Utf16Text(text)
    theirs = DocumentStore().open("u", "", 1, text)
    for change in mine.edit(replacements):
        theirs.apply(edit_of(change))
    assert mine.text == by_hand(text, replacements)
    # Halves of a pair that an edit brings together are one character to us and two to the store: compare the units.
    assert Utf16Text(theirs.text).text == mine.text


@given(TEXTS, st.data())
def test_a_place_is_where_the_server_finds_it(text: str, data: st.DataObject) -> None:
    mine = Utf16Text(text)
    offset = data.draw(st.integers(0, len(mine)))
    document = DocumentStore().open("u", "", 1, text)
    line, index = document.locate(Place(**mine.place(offset)))
    before = "".join(document.lines[:line]) + document.lines[line][:index]
    found = len(units(before)) // 2
    inside = found == offset - 1
    assert found == offset or (inside and units(text)[2 * found :][:2] != units("a"))


def test_edits_that_do_not_fit_change_nothing() -> None:
    text = Utf16Text("a🙂b")
    assert len(text) == 4
    for wrong in ([Replacement(0, 5, "")], [Replacement(2, 1, "")], [Replacement(0, 2, ""), Replacement(1, 3, "")]):
        with pytest.raises(OutsideText, match="text of 4 UTF-16 units"):
            text.edit(wrong)
    with pytest.raises(OutsideText):
        text.edit([Replacement(-1, 1, "")])
    assert text.text == "a🙂b"


def test_a_reset_is_told_whole() -> None:
    text = Utf16Text("a")
    assert text.reset("🙂") == [{"text": "🙂"}]
    assert (text.text, len(text)) == ("🙂", 2)
    assert text.place(2) == {"line": 0, "character": 2}
    assert text.place(1) == {"line": 0, "character": 0}
