import pytest

from mellum_ls.lsp_server.rewriting.fenced import Malformed
from mellum_ls.lsp_server.rewriting.sound import fitted, refuse_unsound

LINES = ("import os", "", "def one():", "    return 1", "", "last = 2")


def test_lines_are_fitted_to_the_place() -> None:
    assert fitted(["", "def f():", "    x", ""], ["    def f():", "        y"]) == ["    def f():", "        x"]
    assert fitted(["    a", "", "    b"], ["a"]) == ["a", "", "b"]
    assert fitted(["    a", "b"], ["a"]) == ["    a", "b"]
    assert fitted(["\ta"], ["    a"]) == ["\ta"]
    assert fitted(["a", ""], ["a", ""]) == ["a", ""]


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        ("def one():\n    return 1", "changes nothing"),
        ("def one():\n    // the rest is unchanged code", "leaves out"),
        ("def one():\n    return '<redacted>'", "a placeholder"),
        ("import os\n\ndef one():\n    return 2", "before the part"),
        ("def one():\n    return 2\n\nlast = 2", "behind the part"),
        ("def one():\n" + "    x = 1\n" * 300, "far longer"),
    ],
)
def test_what_cannot_be_meant_is_refused(new: str, reason: str) -> None:
    with pytest.raises(Malformed, match=reason):
        refuse_unsound(LINES, 2, 3, new.split("\n"))


def test_what_stood_there_before_may_stay() -> None:
    lines = ["# ... the rest of the code", "x = 1"]
    refuse_unsound(lines, 0, 1, ["# ... the rest of the code", "x = 2"])
    refuse_unsound(LINES, 2, 3, ["def one():", "    return 2"])
