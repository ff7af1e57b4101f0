from hypothesis import given
from hypothesis import strategies as st

from mellum_ls.lsp_server.answers.completer import Gap, fit, query_for
from mellum_ls.lsp_server.documents.notebooks import Cell, Notebooks
from mellum_ls.lsp_server.documents.store import DocumentStore, Edit, Place
from mellum_ls.lsp_server.settings.fields import Settings

NOTEBOOK = "file:///r/n.ipynb"


def opened(*cells: tuple[str, bool, str]) -> tuple[DocumentStore, Notebooks]:
    """A notebook of cells, each text, whether it is code, and language; cell 0 is `c0`."""
    documents = DocumentStore()
    notebooks = Notebooks(documents)
    for number, (text, _, language) in enumerate(cells):
        documents.open(f"c{number}", language, 1, text)
    notebooks.open(NOTEBOOK, [Cell(f"c{number}", code) for number, (_, code, _) in enumerate(cells)])
    return documents, notebooks


def around(documents: DocumentStore, uri: str) -> tuple[str, str]:
    """What a model sees before and behind the end of a cell's first line."""
    document = documents.get(uri)
    assert document is not None
    query = query_for(Gap.of(document.snapshot(Place(0, 999)), None), Settings())
    return query.prefix, query.suffix


def test_a_code_cell_stands_between_the_others_of_its_language() -> None:
    documents, notebooks = opened(
        ("import os", True, "python"),
        ("# Title", False, "markdown"),
        ("a = 1\n", True, "python"),
        ("ls", True, "shellscript"),
        ("", True, "python"),
        ("b = a", True, "python"),
        ("c = b\nd = c", True, "python"),
    )
    assert around(documents, "c5") == ("import os\n\na = 1\n\nb = a", "\n\nc = b\nd = c")
    assert around(documents, "c0") == ("import os", "\n\na = 1\n\nb = a\n\nc = b\nd = c")
    assert around(documents, "c2") == ("import os\n\na = 1", "\n\nb = a\n\nc = b\nd = c")
    assert around(documents, "c3") == ("ls", "")
    assert around(documents, "c1") == ("# Title", "")
    assert (len(notebooks), notebooks.of("c1"), notebooks.of("other")) == (1, NOTEBOOK, "")


def test_positions_are_the_cells_own() -> None:
    documents, _ = opened(("x = 1\ny = 2", True, "python"), ("def f():\n    ", True, "python"), ("}", True, "python"))
    document = documents.get("c1")
    assert document is not None
    gap = Gap.of(document.snapshot(Place(1, 4)), None)
    suggestion = fit(gap, "return (x", Settings())
    assert suggestion is not None
    # Brackets are judged inside the cell: the next cell's closes nothing here.
    assert (suggestion.text, suggestion.line, suggestion.start, suggestion.end) == ("return (x)", 1, 4, 4)


def test_cells_come_go_change_their_kind_and_their_text() -> None:
    documents, notebooks = opened(("a", True, "python"), ("b", True, "python"), ("c", True, "python"))
    documents.open("new", "python", 1, "n")
    documents.close("c1")
    notebooks.splice(NOTEBOOK, 1, 1, [Cell("new", True)])
    assert around(documents, "c2") == ("a\n\nn\n\nc", "")
    documents.change("c0", 2, [Edit("A = 1")])
    assert around(documents, "new") == ("A = 1\n\nn", "\n\nc")
    notebooks.update(NOTEBOOK, [Cell("c0", False)])
    assert around(documents, "new") == ("n", "\n\nc")
    # A client may open a cell once more as a document of its own.
    documents.open("new", "python", 3, "m")
    assert around(documents, "new") == ("m", "\n\nc")
    notebooks.close(NOTEBOOK)
    assert around(documents, "new") == ("m", "")
    assert (len(notebooks), notebooks.of("new"), notebooks.cells(NOTEBOOK)) == (0, "", ())


def test_what_is_not_open_or_lies_outside_is_no_fault() -> None:
    documents, notebooks = opened(("a", True, "python"))
    notebooks.splice("other", 0, 1, [])
    notebooks.update("other", [Cell("c0", False)])
    notebooks.close("other")
    notebooks.splice(NOTEBOOK, -5, -1, [Cell("missing", True)])
    notebooks.splice(NOTEBOOK, 99, 99, [Cell("missing too", True)])
    assert [cell.uri for cell in notebooks.cells(NOTEBOOK)] == ["missing", "c0", "missing too"]
    assert around(documents, "c0") == ("a", "")


texts = st.lists(st.sampled_from(["a", "b = 1", "\n", "\r\n", "", "é🎉"]), max_size=4).map("".join)


@given(st.lists(texts, min_size=1, max_size=6), st.data())
def test_prefix_and_suffix_make_the_notebook_whole(cells: list[str], data: st.DataObject) -> None:
    documents, _ = opened(*((text, True, "python") for text in cells))
    number = data.draw(st.integers(0, len(cells) - 1))
    document = documents.get(f"c{number}")
    assert document is not None
    snapshot = document.snapshot(Place(data.draw(st.integers(0, 5)), data.draw(st.integers(0, 5))))
    own = "".join(snapshot.lines)
    line_end = snapshot.lines[snapshot.line][len(snapshot.current) :]
    whole = "".join(snapshot.above) + snapshot.current + line_end + "".join(snapshot.below)
    head, tail = cells[:number], cells[number + 1 :]
    assert whole.startswith(
        "".join(text + ("\n" if text.endswith(("\n", "\r")) else "\n\n") for text in head if text) + own
    )
    kept = [text for text in tail if text]
    assert whole.endswith("".join(f"\n{text}" for text in kept[-1:]))
    assert len(whole.replace("\n", "").replace("\r", "")) == len("".join(cells).replace("\n", "").replace("\r", ""))
