import pytest

from mellum_ls.lsp_server.keystrokes.languages import UNKNOWN, language_of


@pytest.mark.parametrize(
    ("path", "language"),
    [
        ("src/a.py", "python"),
        ("A.TSX", "typescriptreact"),
        ("Makefile", UNKNOWN),
        ("a.py/b", UNKNOWN),
        ("data.bin", UNKNOWN),
        (".py", UNKNOWN),
    ],
)
def test_the_suffix_names_the_language(path: str, language: str) -> None:
    assert language_of(path) == language
