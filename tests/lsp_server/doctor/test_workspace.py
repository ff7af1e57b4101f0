import os
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from mellum_ls.context.privacy.gate import Gate
from mellum_ls.context.workspace.walk import Found
from mellum_ls.lsp_server.doctor.checks import Check
from mellum_ls.lsp_server.doctor.workspace import MOST_NAMED, checks, look_into

SECRET = "ghp_" + "a1B2c3D4e5F6" * 3


def never() -> float:
    return 0.0


def named(found: list[Check]) -> dict[str, str]:
    """Each file or folder that is left out and what is said of it."""
    return {path: check.says for check in found if check.name == "left out" for path in check.listed}


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A repository with everything that makes readers stumble, and two files that are fine."""
    root = tmp_path / "broken"
    root.mkdir()
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    (root / "good.py").write_text("x = 1\n")
    (root / "old.txt").write_bytes("fa\u00e7ade in the old way, with more plain text around it\n".encode("latin-1"))
    (root / "junk.py").write_bytes(bytes(range(256)) * 40)
    (root / "no_utf8.py").write_bytes(b"\x80\x81\x82\x83 = 1\n")
    (root / "ten_mb_line.js").write_bytes(b"x" * 10_000_000)
    (root / "long_line.js").write_bytes(b"let x = '" + b"y" * 100_000 + b"'\n")
    (root / ".gitignore").write_text("ignored.py\n")
    (root / "ignored.py").write_text("x = 1\n")
    (root / ".env").write_text("TOKEN=1\n")
    (root / "node_modules").mkdir()
    (root / "node_modules" / "a.js").write_text("x\n")
    (root / "loop").symlink_to(".")
    (root / "dangling.py").symlink_to("nowhere.py")
    (root / "around.py").symlink_to("around.py")
    os.mkfifo(root / "pipe.py")
    (root / "line\nbreak.py").write_text("x = 1\n")
    with open(os.fsencode(root) + b"/name_\xff.py", "wb") as file:
        file.write(b"x = 1\n")
    return root


def test_a_broken_repository_is_listed_by_reason(broken: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(broken / "socket.py"))
        found = checks(broken, clock=never)
    assert [check.state for check in found].count("failure") == 0
    (files,) = [check for check in found if check.name == "files"]
    # good.py, old.txt and .gitignore
    assert f"{broken}: 3 files are read" in files.says
    assert "1 of them in a language" in files.says
    said = {path.split(" ")[0]: says for path, says in named(found).items()}
    expected = {
        "junk.py": "is no text",
        "no_utf8.py": "is in no encoding",
        "ten_mb_line.js": "bytes, more than",
        "long_line.js": "has a line of",
        "ignored.py": "ignored",
        ".env": "environment values",
        "node_modules": "installed packages",
        "loop": "is a link",
        "dangling.py": "is a link",
        "around.py": "is a link",
        "pipe.py": "neither a file nor a folder",
        "socket.py": "neither a file nor a folder",
    }
    for path, words in expected.items():
        assert words in said[path], path
    assert any("name" in says and says.startswith("2 each of which ") for says in said.values())


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_opened_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir(mode=0o000)
    (tmp_path / "file.py").write_text("x = 1\n")
    (tmp_path / "file.py").chmod(0o000)
    warned = [check for check in checks(tmp_path, clock=never) if check.state == "warning"]
    assert [set(check.listed) for check in warned] == [{"folder", "file.py"}]
    assert warned[0].remedy


def test_refused_by_the_system_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the test above, where root runs the tests."""

    def refuse(path: object) -> None:
        raise PermissionError(13, "no", str(path))

    monkeypatch.setattr(os, "scandir", refuse)
    (warned,) = [check for check in checks(tmp_path, clock=never) if check.state == "warning"]
    assert warned.says == "1 that may not be opened"
    assert warned.remedy


def test_a_file_that_vanishes_before_it_is_opened(tmp_path: Path) -> None:
    (tmp_path / "stays.py").write_text("x = 1\n")
    files = [Found("gone.py", 6, 0), Found("folder/gone.py", 6, 0), Found("stays.py", 6, 0)]
    survey = look_into(files, Gate(tmp_path), 1.0, never)
    assert survey.readable == 1
    assert {path for reason in survey.reasons.values() for path in reason.named} == {"gone.py", "folder/gone.py"}


def test_reasons_that_differ_in_figures_are_one_and_twenty_are_named(tmp_path: Path) -> None:
    for number in range(MOST_NAMED + 5):
        (tmp_path / f"f{number:02}.js").write_bytes(b"y" * (20_000 + number))
    (check,) = [check for check in checks(tmp_path, clock=never) if check.name == "left out"]
    assert check.says.startswith(f"{MOST_NAMED + 5} each of which has a line of ... ")
    assert len(check.listed) == MOST_NAMED + 1
    assert check.listed[0] == "f00.js has a line of 20000 characters"
    assert check.listed[-1] == "and 5 more"


def test_more_than_the_walk_names_are_counted(tmp_path: Path) -> None:
    for number in range(450):
        (tmp_path / f"{number:03}.png").touch()
    (check,) = [check for check in checks(tmp_path, clock=never) if check.name == "left out"]
    assert check.says.startswith("450 each of which ")
    assert check.listed[-1] == "and 430 more"


def test_secrets_in_texts_are_counted_and_not_shown(tmp_path: Path) -> None:
    (tmp_path / "config.py").write_text(f"a = '{SECRET}'\nb = '{SECRET}'\n")
    found = checks(tmp_path, clock=never)
    (check,) = [check for check in found if check.name == "secrets"]
    assert check.listed == ("config.py (2)",)
    assert SECRET not in repr(found)


def counting() -> Callable[[], float]:
    times = iter(range(1000))
    return lambda: float(next(times))


def test_its_time_is_bounded(tmp_path: Path) -> None:
    for number in range(10):
        (tmp_path / f"{number}.py").write_text("x = 1\n")
    found = checks(tmp_path, read_seconds=4.0, clock=counting())
    (files,) = [check for check in found if check.name == "files"]
    assert ": 3 files are read" in files.says
    (late,) = [check for check in found if check.name == "time"]
    assert late.says == "7 more were not opened here: 4 s were over"


@pytest.mark.parametrize("kind", ["nowhere", "file"])
def test_what_is_no_folder_is_a_failure(tmp_path: Path, kind: str) -> None:
    (tmp_path / "file").touch()
    (check,) = checks(tmp_path / kind)
    assert check.state == "failure"
    assert "--workspace" in check.remedy
