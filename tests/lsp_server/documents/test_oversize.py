import pytest

from mellum_ls.lsp_server.documents import lines as lines_module
from mellum_ls.lsp_server.documents.oversize import MAX_LINE_CHARS, MINIFIED_CHARS, MINIFIED_MEAN, oversize_reason
from mellum_ls.lsp_server.documents.store import Document, Edit, Place, split_lines


def document_of(text: str) -> Document:
    return Document("file:///a.js", "javascript", 1, split_lines(text))


def test_the_limit_is_the_settings_and_follows_edits() -> None:
    document = document_of("x = 1\n" * 100)
    assert oversize_reason(document, 600) == ""
    document.apply(Edit("y", Place(3, 0), Place(3, 0)))
    assert oversize_reason(document, 600) == "the document has 601 characters, and maxFileChars is 600"
    document.apply(Edit("", Place(3, 0), Place(4, 0)))
    assert oversize_reason(document, 600) == ""


@pytest.mark.parametrize(
    ("count", "length", "refused"),
    [
        (200, MINIFIED_MEAN + 50, True),
        (200, MINIFIED_MEAN - 50, False),
        (MINIFIED_CHARS // MINIFIED_MEAN // 2, MINIFIED_MEAN + 1, False),
    ],
)
def test_a_document_of_long_lines_counts_as_minified_once_it_is_of_some_size(
    count: int, length: int, refused: bool
) -> None:
    document = document_of(("x" * (length - 1) + "\n") * count)
    assert ("minified" in oversize_reason(document, 10**9)) is refused


def test_only_the_line_of_the_cursor_may_not_be_too_long() -> None:
    document = document_of("a\n" * 1000 + "x" * (MAX_LINE_CHARS + 1))
    assert oversize_reason(document, 10**9) == oversize_reason(document, 10**9, 3) == ""
    assert oversize_reason(document, 10**9, 1000) == "the line has 5001 characters, more than 5000"
    # Where a client thinks its cursor is need not be inside the document.
    assert oversize_reason(document, 10**9, -1) == oversize_reason(document, 10**9, 1 << 40) == ""


def test_judging_again_after_a_key_counts_one_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[int] = []
    chars = lines_module._Chunk.chars.fget
    assert chars is not None

    def noting(self: lines_module._Chunk) -> int:
        counted.append(len(self.lines) if self._chars < 0 else 0)
        return int(chars(self))

    monkeypatch.setattr(lines_module._Chunk, "chars", property(noting))
    document = document_of("line\n" * 60_000)
    oversize_reason(document, 10**9, 5)
    assert sum(counted) == 60_001
    counted.clear()
    document.apply(Edit("x", Place(30_000, 0), Place(30_000, 0)))
    oversize_reason(document, 10**9, 5)
    assert sum(counted) <= 2 * lines_module.CHUNK
