"""The index's file: private, whole after a kill, made anew when it is damaged, unharmed by a full disk."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mellum_ls.context.index.schema import VERSION
from mellum_ls.context.index.store import Store, files_of, is_damage, remove_files, size_bytes


def put_name(store: Store, name: str) -> None:
    with store.transaction() as connection:
        connection.execute("INSERT INTO names(name) VALUES(?)", (name,))


def names(store: Store) -> list[str]:
    return [name for (name,) in store.connection.execute("SELECT name FROM names ORDER BY name")]


def reopened(path: Path, root: str = "/r") -> tuple[str, list[str]]:
    store = Store.open(path, root)
    found = store.why_new, names(store)
    store.close()
    return found


@pytest.fixture(scope="module")
def path_of_all(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("c") / "x.index"
    store = Store.open(path, "/r")
    put_name(store, "kept")
    store.close()
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """An index with one name in it, closed."""
    path = tmp_path / "cache" / "x.index"
    store = Store.open(path, "/r")
    assert store.why_new == "new"
    put_name(store, "kept")
    store.close()
    return path


def test_what_was_written_is_there_again(path: Path) -> None:
    assert reopened(path) == ("", ["kept"])


@pytest.mark.skipif(sys.platform == "win32", reason="modes of POSIX")
def test_nobody_else_can_read_it(path: Path) -> None:
    store = Store.open(path, "/r")
    put_name(store, "more")
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert [file.stat().st_mode & 0o777 for file in files_of(path)] == [0o600] * 3
    assert size_bytes(path) == sum(file.stat().st_size for file in files_of(path))
    store.close()


@pytest.mark.skipif(sys.platform == "win32", reason="modes of POSIX")
def test_an_open_folder_and_file_are_closed(path: Path) -> None:
    path.parent.chmod(0o755)
    path.chmod(0o644)
    reopened(path)
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    path = tmp_path / "cache" / "x.index"
    path.parent.mkdir()
    path.symlink_to(victim)
    assert reopened(path) == ("new", [])
    assert victim.read_text() == "precious"


def set_version(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    connection.close()


def other_database(path: Path) -> None:
    remove_files(path)
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE notes(text)")
    connection.close()


def without_meta(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("DROP TABLE meta")
    connection.close()


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b"junk" * 5000),
        lambda path: path.write_bytes(path.read_bytes()[:-8192]),
        lambda path: path.write_bytes(path.read_bytes()[:4096]),
        lambda path: path.write_bytes(path.read_bytes()[:50]),
        lambda path: path.write_bytes(path.read_bytes()[:4096] + os.urandom(len(path.read_bytes()) - 4096)),
        set_version,
        other_database,
        without_meta,
    ],
    ids=["junk", "cut", "one page", "half a header", "random pages", "version", "other", "no meta"],
)
def test_a_damaged_file_is_made_anew(path: Path, damage: Callable[[Path], object]) -> None:
    damage(path)
    why_new, found = reopened(path)
    assert why_new not in ("", "new")
    assert found == []
    assert reopened(path) == ("", [])


@pytest.mark.parametrize("beside", [1, 2])
def test_junk_beside_the_file_does_no_harm(path: Path, beside: int) -> None:
    files_of(path)[beside].write_bytes(os.urandom(40_000))
    assert reopened(path) == ("", ["kept"])


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_whatever_bytes_change_it_opens(path_of_all: Path, data: st.DataObject) -> None:
    path = path_of_all.with_name("changed.index")
    content = bytearray(path_of_all.read_bytes())
    for _ in range(data.draw(st.integers(1, 30))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    remove_files(path)
    path.write_bytes(content)
    store = Store.open(path, "/r")
    put_name(store, "later")
    store.close()


def test_the_index_of_another_folder_is_not_taken(path: Path) -> None:
    assert reopened(path, "/elsewhere") == ("of another folder", [])


def test_a_transaction_that_fails_writes_nothing(path: Path) -> None:
    store = Store.open(path, "/r")

    def fail() -> None:
        with store.transaction() as connection:
            connection.execute("INSERT INTO names(name) VALUES('lost')")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert names(store) == ["kept"]
    put_name(store, "later")
    assert names(store) == ["kept", "later"]
    store.close()


def test_a_full_disk_keeps_the_old_state(path: Path) -> None:
    # SQLite says the same when the limit of the file is reached as when the disk is full.
    store = Store.open(path, "/r", most_bytes=path.stat().st_size + 20_000)

    def fill() -> None:
        with store.transaction() as connection:
            for number in range(1000):
                connection.execute("INSERT INTO names(name) VALUES(?)", (f"{number}" * 100,))

    with pytest.raises(sqlite3.OperationalError, match="full") as caught:
        fill()
    assert not is_damage(caught.value)
    assert names(store) == ["kept"]
    store.close()
    assert reopened(path) == ("", ["kept"])


WRITER = """
import sys
from pathlib import Path
from mellum_ls.context.index.store import Store
store = Store.open(Path(sys.argv[1]), "/r")
with store.transaction() as connection:
    connection.execute("INSERT INTO names(name) VALUES('whole')")
store.connection.execute("PRAGMA cache_size = 5")
store.connection.execute("BEGIN IMMEDIATE")
for number in range(20000):
    store.connection.execute("INSERT INTO names(name) VALUES(?)", (f"half {number}",))
print("in the middle", flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_kill_leaves_the_last_whole_state(path: Path) -> None:
    command = [sys.executable, "-P", "-c", WRITER, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "in the middle\n"
        assert files_of(path)[1].stat().st_size > 100_000  # half of it is on the disk already
        writer.send_signal(signal.SIGKILL)
    assert reopened(path) == ("", ["kept", "whole"])


def test_a_file_that_may_not_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        Store.open(tmp_path / "file" / "x.index", "/r")
