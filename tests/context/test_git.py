import subprocess
from pathlib import Path

import pytest

from mellum_ls.context.git import GitFailedError, ask, git_folder, top_of


def test_git_answers_in_the_folder_it_is_asked_about(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    (tmp_path / "deep").mkdir()
    assert ask(tmp_path / "deep", ["rev-parse", "--show-prefix"]) == b"deep/\n"


def test_a_repository_starts_none_of_its_programs(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    proof = tmp_path / "proof"
    (program := tmp_path / "program").write_text(f"#!/bin/sh\ntouch '{proof}'\n")
    program.chmod(0o755)
    for key in ("core.fsmonitor", "core.pager", "pager.status"):
        subprocess.run(["git", "-C", tmp_path, "config", key, program], check=True)
    subprocess.run(["git", "-C", tmp_path, "status"], check=True, capture_output=True)
    assert proof.exists(), "the trap does not work"
    proof.unlink()
    ask(tmp_path, ["status", "--porcelain"])
    assert not proof.exists()


def test_nothing_is_fetched(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", "--bare", tmp_path / "far"], check=True)
    with pytest.raises(GitFailedError, match="ended with 128"):
        ask(tmp_path, ["ls-remote", f"file://{tmp_path}/far"])
    with pytest.raises(GitFailedError):
        ask(tmp_path, ["ls-remote", f"ext::git-upload-pack {tmp_path}/far"])


def test_failures_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(GitFailedError, match="cannot be started"):
        ask(tmp_path, ["status"], program="no-such-git")
    with pytest.raises(GitFailedError, match="ended with"):
        ask(tmp_path, ["log"])
    (slow := tmp_path / "slow").write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    with pytest.raises(GitFailedError, match="longer than"):
        ask(tmp_path, [], timeout_s=0.2, program=str(slow))


def test_a_repository_is_found_upwards(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert top_of(tmp_path / "a") is None or tmp_path not in (top_of(tmp_path / "a"), tmp_path / "a")
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    assert top_of(tmp_path / "a" / "b") == tmp_path
    assert git_folder(tmp_path) == tmp_path / ".git"
    (tmp_path / "a" / ".git").write_text("no pointer")
    assert git_folder(tmp_path / "a") is None
    assert top_of(tmp_path / "a" / "b") == tmp_path
