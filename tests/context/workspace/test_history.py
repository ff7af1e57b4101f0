import subprocess
from pathlib import Path

import pytest

from mellum_ls.context.workspace.history import MAX_FILES_PER_COMMIT, Partner, cochange


def commit(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        with (root / name).open("a", encoding="utf-8") as file:
            file.write("x\n")
    who = ("-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgSign=false")
    subprocess.run(["git", "-C", root, "add", "-A"], check=True)
    subprocess.run(["git", "-C", root, *who, "commit", "-q", "-m", "x", "--allow-empty"], check=True)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    return tmp_path


FILES = {"a.py", "b.py", "c.py", "sub/a b.py", "sub/é.py"}


def test_what_changed_together_is_counted(root: Path) -> None:
    commit(root, "a.py", "c.py")
    commit(root, "a.py", "b.py", "sub/a b.py")
    commit(root)
    commit(root, "a.py", "b.py")
    commit(root, "c.py", "sub/é.py", "sub/a b.py")
    history = cochange(root, FILES)
    assert history.reason == ""
    assert history.commits == 4, "an empty commit is none"
    assert [(partner.path, partner.count) for partner in history.of("a.py")] == [
        ("b.py", 2),
        ("sub/a b.py", 1),
        ("c.py", 1),
    ]
    assert [partner.path for partner in history.of("sub/é.py")] == ["c.py", "sub/a b.py"]
    assert history.of("a.py", limit=1) == history.of("a.py")[:1]
    assert history.of("unknown.py") == []


def test_newer_changes_weigh_more(root: Path) -> None:
    commit(root, "a.py", "b.py")
    commit(root, "a.py", "c.py")
    newer, older = cochange(root, FILES).of("a.py")
    assert (newer.path, older.path) == ("c.py", "b.py")
    assert newer == Partner("c.py", 1.0, 1)
    assert 0.99 < older.weight < 1.0


def test_only_the_files_that_are_asked_about_count(root: Path) -> None:
    commit(root, "a.py", "b.py", "secret.env")
    assert [partner.path for partner in cochange(root, ["a.py", "b.py"]).of("a.py")] == ["b.py"]
    assert cochange(root, ["a.py", "b.py"]).of("secret.env") == []


def test_a_commit_of_very_many_files_says_nothing(root: Path) -> None:
    names = [f"{n}.py" for n in range(MAX_FILES_PER_COMMIT)]
    commit(root, *names)
    assert len(cochange(root, names).of("0.py", limit=100)) == MAX_FILES_PER_COMMIT - 1
    commit(root, *names, "one-more.py")
    assert {partner.count for partner in cochange(root, names).of("0.py", limit=100)} == {1}


def test_a_folder_of_a_repository_has_paths_of_its_own(root: Path) -> None:
    commit(root, "a.py", "sub/a b.py", "sub/é.py")
    history = cochange(root / "sub", {"a b.py", "é.py"})
    assert [partner.path for partner in history.of("a b.py")] == ["é.py"]


def test_no_history_has_its_reason(root: Path) -> None:
    assert cochange(root, FILES).reason == "git ended with 128"
    commit(root, "a.py")
    assert cochange(root / "nothing", FILES).reason.startswith("git ended with")
    assert cochange(root, FILES, git="no-such-git").reason == "git cannot be started"
    (root / "new").mkdir()
    assert cochange(root / "new", FILES).reason == "no commit touches the folder"


def test_a_plain_folder_has_none(tmp_path: Path) -> None:
    history = cochange(tmp_path, FILES)
    assert history.commits == 0
    assert history.reason
    assert history.of("a.py") == []
