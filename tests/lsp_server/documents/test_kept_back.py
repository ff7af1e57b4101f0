import asyncio
from pathlib import Path

import pytest

from mellum_ls.lsp_server.documents.gates import NOT_YET, Gates
from mellum_ls.lsp_server.documents.kept_back import KeptBack
from mellum_ls.lsp_server.documents.notebooks import Notebooks
from mellum_ls.lsp_server.documents.store import DocumentStore
from mellum_ls.lsp_server.settings.fields import Settings

URI = "file:///r/a.py"


def why(settings: Settings, uri: str = URI, text: str = "x = 1\n", line: int | None = None) -> str:
    documents = DocumentStore()
    documents.open(uri, "python", 1, text)
    return KeptBack(documents, Notebooks(documents), lambda _: settings, Gates(), lambda: ()).why(uri, line)


@pytest.mark.parametrize(
    ("settings", "uri", "text", "expected"),
    [
        (Settings(), URI, "x = 1\n", ""),
        (Settings(enable=False), URI, "x = 1\n", "completions are switched off"),
        (Settings(disabled_languages=("python",)), URI, "x = 1\n", "completions are switched off for python"),
        (Settings(), "file:///r/.env", "A=1\n", "the document is kept back: it holds environment values"),
        (Settings(max_file_chars=3), URI, "x = 1\n", "the document has 6 characters, and maxFileChars is 3"),
    ],
)
def test_each_refusal_says_why(settings: Settings, uri: str, text: str, expected: str) -> None:
    assert why(settings, uri, text) == expected


def test_a_long_line_refuses_itself_only() -> None:
    text = "x = 1\n" + "y" * 6000 + "\n"
    assert why(Settings(), text=text) == why(Settings(), text=text, line=0) == ""
    assert "6001 characters" in why(Settings(), text=text, line=1)


def test_a_document_that_is_not_open_is_judged_by_its_name() -> None:
    documents = DocumentStore()
    kept_back = KeptBack(documents, Notebooks(documents), lambda _: Settings(), Gates(), lambda: ())
    assert kept_back.why(URI) == ""
    assert kept_back.why("file:///r/id_rsa") == "the document is kept back: it holds a key or a certificate"


def test_nothing_of_a_folder_may_be_seen_before_its_ignore_files_are_read(tmp_path: Path) -> None:
    async def run() -> None:
        (tmp_path / ".gitignore").write_text("ignored.py\n")
        documents = DocumentStore()
        kept_back = KeptBack(
            documents, Notebooks(documents), lambda _: Settings(), Gates(), lambda: (tmp_path.as_uri(),)
        )
        names = ("a.py", "ignored.py")
        uris = [(tmp_path / name).as_uri() for name in names]
        assert [kept_back.why(uri) for uri in uris] == [f"the document is kept back: it {NOT_YET}"] * 2
        await kept_back.judged(uris[0])
        assert [kept_back.why(uri) for uri in uris] == ["", "the document is kept back: it is ignored by .gitignore"]

    asyncio.run(run())
