"""Answers are remembered until somebody writes, and names that are everywhere are told by none."""

from pathlib import Path

import pytest

from mellum_ls.context.index.analysis import analyse
from mellum_ls.context.index.connection import MOST_PLACES, MOST_REMEMBERED, Connection
from mellum_ls.context.index.store import TROUBLE, Store
from mellum_ls.context.index.tables import Tables


def write(path: Path, files: dict[str, str]) -> None:
    store = Store.open(path, "/r")
    tables = Tables(store.connection)
    with store.transaction():
        for name, text in files.items():
            tables.put(name, 1, 1, analyse(name, text))
        tables.finish()
    store.close()


def asked(connection: Connection) -> tuple[list[str], list[str], list[str]]:
    connection.begin()
    (places,) = connection.by_name(["total"])
    paths = connection.rows("SELECT path FROM files ORDER BY path", ())
    return (
        [item.name for item in connection.outline("a.py")],
        [item.path for item in places],
        [path for (path,) in paths],
    )


def test_what_was_answered_holds_until_somebody_writes(tmp_path: Path) -> None:
    write(tmp_path / "x", {"a.py": "def total(): pass\n"})
    connection = Connection(tmp_path / "x")
    statements: list[str] = []
    connection._open.set_trace_callback(statements.append)
    assert asked(connection) == (["total"], ["a.py"], ["a.py"])
    first = len(statements)
    assert asked(connection) == (["total"], ["a.py"], ["a.py"])
    assert len(statements) == first + 1  # whether somebody wrote
    write(tmp_path / "x", {"a.py": "x = 1\n", "b.py": "def total(): pass\n"})
    assert asked(connection) == (["x"], ["b.py"], ["a.py", "b.py"])
    connection.close()


def test_not_everything_is_remembered(tmp_path: Path) -> None:
    write(tmp_path / "x", {"a.py": "def total(): pass\n"})
    connection = Connection(tmp_path / "x")
    connection.begin()
    connection.by_name([str(number) for number in range(MOST_REMEMBERED + 1)])
    connection.begin()
    assert not connection._names
    connection.close()


@pytest.mark.parametrize(("count", "told"), [(MOST_PLACES, MOST_PLACES), (MOST_PLACES + 1, 0)])
def test_a_name_that_is_defined_everywhere_is_not_told(tmp_path: Path, count: int, told: int) -> None:
    write(tmp_path / "x", {f"{number:03}.py": "def total(): pass\n" for number in range(count)})
    connection = Connection(tmp_path / "x")
    connection.begin()
    (places,) = connection.by_name(["total"])
    assert len(places) == told
    connection.close()


def test_what_is_no_index_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"")
    with pytest.raises(TROUBLE):
        Connection(tmp_path / "x")
