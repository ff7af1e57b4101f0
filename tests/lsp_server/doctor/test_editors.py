from pathlib import Path

import pytest

from mellum_ls.lsp_server.doctor.checks import Check
from mellum_ls.lsp_server.doctor.editors import EDITORS, checks


def command(folder: Path, name: str, script: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def neovim(folder: Path, says: str, *, script: str | None = None, seconds: float = 20.0) -> Check:
    command(folder, "nvim", script or f"[ \"$1\" = --version ] && printf '%b' '{says}'")
    (check,) = checks(path=str(folder), version_seconds=seconds)
    assert check.name == "Neovim"
    return check


@pytest.mark.parametrize(
    ("says", "state"),
    [
        ("NVIM v0.12.0\\nBuild type: Release", "ok"),
        ("NVIM v0.12.0-dev-fbb1caf", "ok"),
        ("NVIM v1.0.0", "ok"),
        ("NVIM v0.11.4", "ok"),
        ("NVIM v0.10.9", "warning"),
        ("NVIM v0.9.5", "warning"),
        ("VIM - Vi IMproved 9.1", "warning"),
        ("", "warning"),
    ],
)
def test_neovim_is_asked_for_its_version(tmp_path: Path, says: str, state: str) -> None:
    check = neovim(tmp_path / "bin", says)
    assert check.state == state
    assert str(tmp_path / "bin" / "nvim") in check.says
    if state == "ok":
        assert "vim.lsp.enable('mellum')" in check.remedy


def test_a_neovim_that_hangs_is_let_go(tmp_path: Path) -> None:
    check = neovim(tmp_path / "bin", "", script="exec sleep 600", seconds=0.2)
    assert check.state == "warning"
    assert "within 0.2 s" in check.says


def test_a_neovim_that_cannot_be_run(tmp_path: Path) -> None:
    path = command(tmp_path / "bin", "nvim", "")
    path.write_text("#!/no/such/interpreter\n")
    (check,) = checks(path=str(tmp_path / "bin"))
    assert check.state == "warning"
    assert "cannot be run" in check.says


def test_others_are_found_and_never_started(tmp_path: Path) -> None:
    started = tmp_path / "started"
    for editor in EDITORS:
        command(tmp_path / "bin", editor.commands[0], f"touch {started}")
    found = checks(path=str(tmp_path / "bin"))
    assert [check.name for check in found] == [editor.name for editor in EDITORS]
    assert all(check.state == "note" and check.remedy for check in found)
    assert str(tmp_path / "bin" / EDITORS[0].commands[0]) in found[0].says
    assert not started.exists()


def test_path_is_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command(tmp_path / "bin", "hx", "")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert [check.name for check in checks()] == ["Helix"]


def test_none_is_here(tmp_path: Path) -> None:
    (check,) = checks(path=str(tmp_path))
    assert check.state == "note"
    assert "mellum-ls serve --stdio" in check.remedy
