from pathlib import Path

import pytest

from mellum_ls.lsp_server.documents.gates import Gates
from mellum_ls.lsp_server.settings.fields import Settings


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in {
        ".gitignore": "drafts/\n",
        "in/.aiexclude": "",
        "drafts/a.py": "",
        "a.py": "",
        "in/a.py": "",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def why(root: Path, name: str, settings: Settings | None = None) -> str:
    return Gates().why((root / name).as_uri(), [root.as_uri()], settings or Settings())


def test_ignore_files_and_settings_keep_files_back(root: Path) -> None:
    assert why(root, "a.py") == ""
    assert why(root, "drafts/a.py") == "is ignored by .gitignore"
    assert why(root, "in/a.py") == "lies below in/.aiexclude, which is empty"
    assert why(root, "a.py", Settings(exclude=("*.py",))) == "is excluded by the settings"


def test_only_what_git_ignores_can_be_allowed(root: Path) -> None:
    allowed = Settings(complete_ignored_files=True)
    assert why(root, "drafts/a.py", allowed) == ""
    assert why(root, "in/a.py", allowed) != ""


def test_a_file_outside_of_all_folders_is_nobodys_to_judge(root: Path) -> None:
    assert Gates().why("file:///elsewhere/a.py", [root.as_uri()], Settings()) == ""
    assert Gates().why("file:///gone/a.py", ["file:///gone"], Settings()) == ""


def test_a_new_ignore_file_counts_at_once(root: Path) -> None:
    gates, uri, roots = Gates(), (root / "a.py").as_uri(), [root.as_uri()]
    assert gates.why(uri, roots, Settings()) == ""
    (root / ".gitignore").write_text("a.py\n")
    gates.changed([(root / ".gitignore").as_uri()])
    assert gates.why(uri, roots, Settings()) == "is ignored by .gitignore"
