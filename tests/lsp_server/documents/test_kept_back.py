import pytest

from mellum_ls.lsp_server.documents.kept_back import KeptBack
from mellum_ls.lsp_server.documents.notebooks import Notebooks
from mellum_ls.lsp_server.documents.store import DocumentStore
from mellum_ls.lsp_server.settings.fields import Settings

URI = "file:///r/a.py"


def why(settings: Settings, uri: str = URI, text: str = "x = 1\n", line: int | None = None) -> str:
    documents = DocumentStore()
    documents.open(uri, "python", 1, text)
    return KeptBack(documents, Notebooks(documents), lambda _: settings).why(uri, line)


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
    kept_back = KeptBack(documents, Notebooks(documents), lambda _: Settings())
    assert kept_back.why(URI) == ""
    assert kept_back.why("file:///r/id_rsa") == "the document is kept back: it holds a key or a certificate"
