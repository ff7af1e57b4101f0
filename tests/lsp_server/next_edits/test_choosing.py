"""Which of several edits is shown."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from mellum_ls.context.edits.history import EditLog
from mellum_ls.context.edits.types import Proposal, Span
from mellum_ls.lsp_server.documents.lines import Lines
from mellum_ls.lsp_server.documents.store import Document, Place, split_lines
from mellum_ls.lsp_server.next_edits.choosing import best
from mellum_ls.lsp_server.next_edits.situation import Situation

TEXT = "surface = 1\nprint(area)\nlog(area)\n"
ONE = Proposal("a.py", Span(1, 6, 1, 10), "area", "surface", "rename", "", 1.0)
TWO = replace(ONE, span=Span(2, 4, 2, 8))
OTHER = replace(ONE, path="b.py", span=Span(0, 0, 0, 4))


def situation(texts: Mapping[str, str] | None = None, files: Mapping[str, str] | None = None) -> Situation:
    document = Document("file:///p/a.py", "python", 1, Lines(split_lines(TEXT)))
    log = EditLog()
    log.note("a.py", TEXT.replace("surface", "area"), TEXT, 1.0)
    read = (files or {}).get
    return Situation(document.snapshot(Place(0, 0)), "a.py", TEXT, log, texts or {"a.py": TEXT}, None, read)


def never(_proposal: Proposal, _lines: Sequence[str]) -> str:
    return ""


def test_the_first_that_passes_is_shown_and_the_others_come_next() -> None:
    found = best([replace(ONE, new="area"), ONE, TWO], situation(), never, elsewhere=False)
    assert (found.proposal, found.others, found.silence) == (ONE, (TWO,), "")


def test_what_was_turned_down_is_passed_over() -> None:
    def here(proposal: Proposal, lines: Sequence[str]) -> str:
        assert lines == TEXT.split("\n")
        return "it was turned down here" if proposal == ONE else ""

    assert best([ONE, TWO], situation(), here, elsewhere=False).proposal == TWO
    found = best([ONE], situation(), here, elsewhere=False)
    assert (found.proposal, found.silence) == (None, "an edit was found and not shown: it was turned down here")


def test_another_file_is_for_those_who_want_it() -> None:
    found = best([OTHER], situation({"a.py": TEXT, "b.py": "area + 1\n"}), never, elsewhere=False)
    assert (found.proposal, found.silence) == (None, "the next edit is in another file: b.py")
    found = best([OTHER], situation({"a.py": TEXT, "b.py": "area + 1\n"}), never, elsewhere=True)
    assert (found.proposal, found.text) == (OTHER, "area + 1\n")
    assert best([OTHER, TWO], situation(), never, elsewhere=True).proposal == TWO


def test_a_file_on_disk_is_read_and_one_that_is_another_by_now_is_left_alone() -> None:
    assert best([OTHER], situation(files={"b.py": "area\n"}), never, elsewhere=True).text == "area\n"
    assert best([OTHER], situation(files={"b.py": "aera\n"}), never, elsewhere=True).proposal is None
    assert best([OTHER], situation(), never, elsewhere=True).proposal is None


def test_columns_beside_a_secret_are_not_trusted() -> None:
    assert best([OTHER], situation(files={"b.py": "area(<redacted>)\n"}), never, elsewhere=True).proposal is None
    assert best([OTHER], situation(files={"b.py": "area()\n<redacted>\n"}), never, elsewhere=True).proposal == OTHER


def test_nothing_is_said_of_nothing() -> None:
    assert best([], situation(), never, elsewhere=True).silence == "nothing follows from the last changes"
