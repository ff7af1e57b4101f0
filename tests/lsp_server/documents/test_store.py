import re

from hypothesis import given, settings
from hypothesis import strategies as st

from mellum_ls.lsp_server.documents.store import Document, DocumentStore, Edit, Place, bare, split_lines

# Everything that str.splitlines takes for a line end, and the three that the protocol knows.
letters = st.sampled_from("ab🎉漢\u2028\u2029\x85\x0b\x0c\x1c \t") | st.sampled_from(["\n", "\r", "\r\n"])
texts = st.lists(letters, max_size=14).map("".join)
places = st.builds(Place, st.integers(-1, 8), st.integers(-1, 12))
edits = st.builds(Edit, texts, places, places) | st.builds(Edit, texts)


class NaiveDocument:
    """The same by whole strings: every position is found by walking the text from its start."""

    def __init__(self, text: str) -> None:
        self.text = text

    def offset(self, place: Place) -> int:
        if place.line < 0:
            return 0
        start = 0
        for _ in range(place.line):
            end = re.compile(r"\r\n|\r|\n").search(self.text, start)
            if end is None:
                return len(self.text)
            start = end.end()
        stop = re.compile(r"\r|\n|\Z").search(self.text, start)
        assert stop is not None
        offset = start
        while offset < stop.start():
            step = len(self.text[start : offset + 1].encode("utf-16-le", "surrogatepass")) // 2
            if step > place.character:
                break
            offset += 1
        return offset

    def apply(self, edit: Edit) -> None:
        if edit.start is None or edit.end is None:
            self.text = edit.text
            return
        start = self.offset(edit.start)
        end = max(start, self.offset(edit.end))
        self.text = self.text[:start] + edit.text + self.text[end:]


@given(texts, st.lists(edits, max_size=6))
@settings(max_examples=200)
def test_any_edits_leave_the_text_that_whole_strings_give(text: str, changes: list[Edit]) -> None:
    document = Document("u", "", 1, split_lines(text))
    naive = NaiveDocument(text)
    for change in changes:
        document.apply(change)
        naive.apply(change)
        assert document.text == naive.text
        assert document.lines == split_lines(naive.text)
    assert document.revision == len(changes)


@given(texts, places)
def test_snapshot_places_the_cursor_inside_the_document(text: str, place: Place) -> None:
    snapshot = Document("u", "", 1, split_lines(text)).snapshot(place)
    assert snapshot.before + snapshot.after == snapshot.current == bare(snapshot.lines[snapshot.line])
    offset = sum(map(len, snapshot.lines[: snapshot.line])) + snapshot.column
    assert offset == NaiveDocument(text).offset(place)


def test_lines_end_only_where_the_protocol_says() -> None:
    assert split_lines("a\u2028b\x0c\rc\r\n\n") == ["a\u2028b\x0c\r", "c\r\n", "\n", ""]
    assert split_lines("") == [""]


def test_a_newline_behind_a_carriage_return_joins_it() -> None:
    document = Document("u", "", 1, split_lines("a\rb"))
    document.apply(Edit("\n", Place(1, 0), Place(1, 0)))
    assert document.lines == ["a\r\n", "b"]


def test_line_end_is_that_of_the_first_line() -> None:
    for text, expected in (("a\r\nb\n", "\r\n"), ("a\rb", "\r"), ("a\nb\r\n", "\n"), ("a", "\n")):
        assert Document("u", "", 1, split_lines(text)).snapshot(Place(0, 0)).line_end == expected


def test_a_snapshot_can_leave_a_range_out() -> None:
    document = Document("u", "", 1, split_lines("one\ntwo\nthree"), 7)
    without = document.snapshot(Place(0, 1), Place(1, 2))
    assert (without.lines, without.line, without.column, without.revision) == (("oo\n", "three"), 0, 1, 7)
    assert document.text == "one\ntwo\nthree"
    assert document.snapshot(Place(0, 1), Place(0, 1)) == document.snapshot(Place(0, 1))


def test_a_snapshot_does_not_change_with_its_document() -> None:
    document = Document("u", "", 1, split_lines("a\nb"))
    before = document.snapshot(Place(1, 1))
    document.apply(Edit("new"))
    assert before.lines == ("a\n", "b")
    assert before.revision != document.revision


def test_store_ignores_what_is_not_open_and_forgets_what_is_closed() -> None:
    store = DocumentStore()
    assert not store.change("u", 2, [Edit("x")])
    store.open("u", "python", 1, "a")
    assert store.change("u", 2, [Edit("x", Place(0, 0), Place(0, 0))])
    document = store.get("u")
    assert document is not None
    assert (document.text, document.version) == ("xa", 2)
    store.close("u")
    store.close("u")
    assert store.get("u") is None
    assert len(store) == 0


def test_a_document_opened_again_repeats_no_revision() -> None:
    store = DocumentStore()
    seen = {store.open("u", "", 1, "").revision}
    store.change("u", 2, [Edit("x")])
    store.close("u")
    for _ in range(3):
        revision = store.open("u", "", 1, "").revision
        assert revision not in seen | {1}
        seen.add(revision)


def test_editing_a_long_document_copies_no_other_lines() -> None:
    document = Document("u", "", 1, split_lines("line\n" * 60_000))
    untouched = document.lines[30_001]
    document.apply(Edit("x", Place(30_000, 0), Place(30_000, 0)))
    assert document.lines[30_001] is untouched
    assert document.lines[30_000] == "xline\n"


def test_only_what_lies_in_a_renamed_folder_moves_with_it() -> None:
    store = DocumentStore()
    for uri in ("file:///old", "file:///old/a", "file:///older/a", "file:///new/a"):
        store.open(uri, "", 1, "")
    assert store.moved("file:///old/", "file:///new") == ["file:///old", "file:///old/a"]
    assert [document.uri for document in store] == ["file:///old", "file:///older/a", "file:///new/a"]
    store.open("file:///new", "", 1, "")
    assert [document.uri for document in store] == ["file:///older/a", "file:///new/a", "file:///new"]
