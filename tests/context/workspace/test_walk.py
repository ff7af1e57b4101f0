import os
import socket
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mellum_ls.context.privacy.gate import Gate
from mellum_ls.context.workspace.walk import Skipped, Walk


def write(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name, encoding="utf-8")


def walk_of(root: Path, **more: int) -> Walk:
    return Walk(Gate(root, find_global=lambda _: None), **more)


def test_files_come_before_folders_each_by_name(tmp_path: Path) -> None:
    write(tmp_path, "b.py", "a/z.py", "a/b/c.py", "B.py", "c/a.py", "a.py", "é.py")
    found = list(walk_of(tmp_path))
    assert [file.path for file in found] == ["B.py", "a.py", "b.py", "é.py", "a/z.py", "a/b/c.py", "c/a.py"]
    assert found[4].size == len("a/z.py")
    assert found[4].mtime_ns == (tmp_path / "a" / "z.py").stat().st_mtime_ns


def test_what_the_gate_refuses_is_told_and_a_folder_once(tmp_path: Path) -> None:
    write(tmp_path, "a.py", ".env", "node_modules/x/a.js", "node_modules/b.js", "gen/a.py", "yarn.lock")
    (tmp_path / ".gitignore").write_text("gen\n")
    walk = walk_of(tmp_path)
    assert [file.path for file in walk] == [".gitignore", "a.py"]
    assert walk.skipped == [
        Skipped(".env", "holds environment values"),
        Skipped("gen", "is ignored by .gitignore"),
        Skipped("node_modules", "lies in a folder of installed packages"),
        Skipped("yarn.lock", "is a list of locked versions"),
    ]
    assert walk.is_whole


def test_links_are_not_followed_so_that_no_way_is_endless(tmp_path: Path) -> None:
    write(tmp_path, "root/a.py", "far/b.py")
    for name, target in {"self": ".", "up": "..", "far": "../far", "a2.py": "a.py", "gone": "nothing"}.items():
        (tmp_path / "root" / name).symlink_to(target)
    walk = walk_of(tmp_path / "root")
    assert [file.path for file in walk] == ["a.py"]
    assert walk.reasons == {"is a link": 5}


def test_pipes_sockets_and_odd_names_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "a b.py", "new\nline.py", "esc\x1b[0m.py")
    os.mkfifo(tmp_path / "pipe.py")
    monkeypatch.chdir(tmp_path)  # a socket's path may not be long
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket.py")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/latin\xe9.py")).write_text("")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/folder\xe9")).mkdir()
    walk = walk_of(tmp_path)
    assert [file.path for file in walk] == ["a b.py"]
    assert walk.reasons == {"has a name that is no plain text": 4, "is neither a file nor a folder": 2}
    assert all(skipped.path.encode() for skipped in walk.skipped)


def test_what_may_not_be_opened_or_vanishes_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "a.py", "closed/b.py", "gone/c.py", "d.py", "z/e.py")
    scandir = os.scandir

    # The tests may run as root, for whom nothing is closed.
    def scan(place: Path) -> object:
        if place.name == "closed":
            raise PermissionError
        if place.name == "gone":
            (place / "c.py").unlink()
            place.rmdir()
        return scandir(place)

    monkeypatch.setattr(os, "scandir", scan)
    walk = walk_of(tmp_path)
    assert [file.path for file in walk] == ["a.py", "d.py", "z/e.py"]
    assert walk.skipped == [Skipped("closed", "may not be opened"), Skipped("gone", "is no longer there")]


def test_a_file_that_vanishes_on_the_way_is_told(tmp_path: Path) -> None:
    write(tmp_path, "a.py", "b.py", "c/d.py")
    walk = walk_of(tmp_path)
    paths = []
    for file in walk:
        paths.append(file.path)
        (tmp_path / "b.py").unlink(missing_ok=True)
    assert paths == ["a.py", "c/d.py"]
    assert walk.skipped == [Skipped("b.py", "is no longer there")]


def test_a_missing_workspace_is_empty(tmp_path: Path) -> None:
    walk = walk_of(tmp_path / "nothing")
    assert list(walk) == []
    assert walk.skipped == [Skipped("", "is no longer there")]


def test_there_is_an_end_to_files_and_to_reasons(tmp_path: Path) -> None:
    write(tmp_path, *(f"{n:03}.py" for n in range(30)), *(f"{n}.env" for n in range(300)))
    walk = walk_of(tmp_path, max_files=10)
    assert [file.path for file in walk] == [f"{n:03}.py" for n in range(10)]
    assert not walk.is_whole
    exact = walk_of(tmp_path, max_files=30)
    assert len(list(exact)) == 30
    assert exact.is_whole
    assert len(exact.skipped) == 200
    assert exact.reasons == {"holds environment values": 300}


NAMES = st.sampled_from(["a", "b", "a.py", "é", " x", ".hidden"])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sets(st.lists(NAMES, min_size=1, max_size=4).map("/".join), max_size=12))
def test_every_file_is_met_once_in_the_same_order(tmp_path_factory: pytest.TempPathFactory, names: set[str]) -> None:
    root = tmp_path_factory.mktemp("root")
    made = [name for name in sorted(names) if not any(other.startswith(f"{name}/") for other in names)]
    write(root, *made)
    met = [file.path for file in walk_of(root)]
    assert sorted(met) == sorted(made)
    assert met == [file.path for file in walk_of(root)]
