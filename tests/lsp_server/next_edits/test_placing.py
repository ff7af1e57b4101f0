"""What a client is told of a proposal."""

from mellum_ls.context.edits.types import Proposal, Span
from mellum_ls.lsp_server.documents.lines import Lines
from mellum_ls.lsp_server.documents.store import Document, Place, split_lines
from mellum_ls.lsp_server.next_edits.placing import in_document, in_file
from mellum_ls.lsp_server.wire.clients import Client

TEXT = "# 🎉\r\n🎉é = area\r\nlast\r\n"
PROPOSAL = Proposal("a.py", Span(1, 5, 2, 0), "area\n", "one\ntwo\n", "model", "", 1.0)


def document() -> Document:
    return Document("file:///a.py", "python", 7, Lines(split_lines(TEXT)))


def test_columns_are_utf16_and_line_ends_those_of_the_document() -> None:
    edit = in_document(document(), PROPOSAL, "id", Client())
    assert (edit.id, edit.uri, edit.version) == ("id", "file:///a.py", 7)
    assert (edit.start, edit.end, edit.text) == (Place(1, 6), Place(2, 0), "one\r\ntwo\r\n")


def test_an_editor_of_bare_lines_gets_bare_lines() -> None:
    assert in_document(document(), PROPOSAL, "", Client(name="Neovim")).text == "one\ntwo\n"


def test_a_file_that_is_not_open_has_no_version() -> None:
    edit = in_file("file:///b.py", "# 🎉\n🎉é = area\nlast\n", PROPOSAL)
    assert (edit.version, edit.start, edit.end, edit.text) == (None, Place(1, 6), Place(2, 0), "one\ntwo\n")
