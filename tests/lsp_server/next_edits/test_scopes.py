"""Which edits belong together."""

import pytest

from mellum_ls.lsp_server.next_edits.scopes import Scope, scope_of

ROOTS = ("file:///p", "file:///p/inner")


@pytest.mark.parametrize(
    ("uri", "language", "scope"),
    [
        ("file:///p/a/b.py", "python", Scope("file:///p", "a/b.py")),
        ("file:///p/inner/c%20d.ts", "typescript", Scope("file:///p/inner", "c d.ts")),
        ("file:///elsewhere/a.py", "python", Scope("file:///elsewhere/a.py", "document.py")),
        ("file:///elsewhere/a.go", "", Scope("file:///elsewhere/a.go", "document.go")),
        ("git:/q/a.py?x#1", "", Scope("git:/q/a.py?x#1", "document.py")),
        ("odd", "cobol", Scope("odd", "document")),
    ],
)
def test_a_folder_or_the_document_itself(uri: str, language: str, scope: Scope) -> None:
    assert scope_of(uri, language, ROOTS) == scope


def test_a_cell_stands_for_itself() -> None:
    uri = "vscode-notebook-cell:/p/n.ipynb#X10"
    assert scope_of(uri, "python", ROOTS, is_part=True) == Scope(uri, "document.py")
