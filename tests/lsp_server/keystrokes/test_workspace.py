from pathlib import Path

from mellum_ls.lsp_server.keystrokes.script import Change, Script, Step
from mellum_ls.lsp_server.keystrokes.utf16_text import Replacement
from mellum_ls.lsp_server.keystrokes.workspace import lay_out

FILES = {"typed.py": "x\r\n", "a/small.py": "12345\n", "big.lock": "0123456789\n" * 5, "later.lock": "z" * 60 + "\n"}
SCRIPT = Script("s", FILES, [Step(Change("typed.py", (Replacement(0, 0, "y"),), 1), 0.0)])


def contents(root: Path) -> dict[str, str]:
    files = [path for path in root.rglob("*") if path.is_file()]
    return {path.relative_to(root).as_posix(): path.read_bytes().decode() for path in files}


def test_all_other_files_are_pinned_and_written_as_they_are(tmp_path: Path) -> None:
    workspace = lay_out(SCRIPT, tmp_path, None, 24_000)
    assert workspace.pinned == ("a/small.py", "big.lock", "later.lock")
    assert workspace.pinned_chars == 6 + 55 + 61
    assert contents(tmp_path) == FILES


def test_the_file_over_the_budget_is_cut_at_a_line_and_ends_the_list(tmp_path: Path) -> None:
    workspace = lay_out(SCRIPT, tmp_path, None, budget=40)
    assert workspace.pinned == ("a/small.py", "big.lock")
    assert workspace.pinned_chars == 6 + 33
    assert contents(tmp_path) == {**FILES, "big.lock": "0123456789\n" * 3}


def test_as_many_are_pinned_as_wanted(tmp_path: Path) -> None:
    assert lay_out(SCRIPT, tmp_path, 1, 24_000).pinned == ("a/small.py",)
    assert lay_out(SCRIPT, tmp_path, 0, 24_000).pinned == ()
    assert contents(tmp_path) == FILES
