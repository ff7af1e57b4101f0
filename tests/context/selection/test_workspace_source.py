from pathlib import Path

from mellum_ls.context.privacy.gate import Gate
from mellum_ls.context.selection.workspace_source import WorkspaceSource

TOKEN = "ghp_" + "a1B2c3D4e5" * 3 + "f6G7h8"


def test_files_are_read_through_the_gate_and_without_their_secrets(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(f'token = "{TOKEN}"\nend = 1\n')
    (tmp_path / ".env").write_text("A=1\n")
    (tmp_path / ".gitignore").write_text("ignored.py\n")
    (tmp_path / "ignored.py").write_text("x = 1\n")
    source = WorkspaceSource(Gate(tmp_path))
    text = source.read("a.py")
    assert text is not None
    assert TOKEN not in text
    assert text.endswith("\nend = 1\n")
    assert source.refuses("a.py") is None
    for path in (".env", "ignored.py", "../outside.py"):
        assert source.refuses(path)
        assert source.read(path) is None
    assert source.read("gone.py") is None


def test_what_is_open_loses_its_secrets_too(tmp_path: Path) -> None:
    assert TOKEN not in WorkspaceSource(Gate(tmp_path)).redacted(f"key: {TOKEN}")
