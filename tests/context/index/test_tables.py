"""Rows of files: written, replaced, taken out without a trace. Incremental equals from scratch."""

import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mellum_ls.context.index.analysis import analyse
from mellum_ls.context.index.reader import Reader
from mellum_ls.context.index.store import IndexDamaged, Store
from mellum_ls.context.index.tables import Tables, pack, unpack

PATHS = ("a.py", "pkg/b.py", "pkg/c.py")
WORDS = ("apple", "pear", "plum", "shop")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store.open(tmp_path / "x.index", "/r")
    yield store
    store.close()


def write(store: Store, tables: Tables, path: str, text: str | None) -> None:
    with store.transaction():
        if text is None:
            tables.remove(path)
        else:
            tables.put(path, len(text), 1, analyse(path, text))
        tables.finish()


def everything(store: Store) -> dict[str, object]:
    """All that can be asked, and the counts of words."""
    reader = Reader(store.path)
    found = {
        "search": [
            [(hit.chunk, round(hit.score, 6)) for hit in reader.search(words, 50)] for words in (WORDS, *zip(WORDS))
        ],
        "definitions": reader.definitions([f"{word}_{kind}" for word in WORDS for kind in ("made", "of")]),
        "outlines": [reader.outline(path) for path in PATHS],
        "users": {word: reader.users(word) for word in WORDS},
        "files": [reader.files_in(folder) for folder in ("", "pkg")],
        "counts": reader.counts(),
        "terms": store.connection.execute("SELECT term, chunks FROM terms ORDER BY term").fetchall(),
    }
    assert reader.trouble == ""
    reader.close()
    return found


@st.composite
def texts(draw: st.DrawFn) -> str:
    lines = draw(st.lists(st.sampled_from([f"def {w}_made():\n    return {w}\n" for w in WORDS] + ["", "# plum"])))
    return "\n".join(lines * draw(st.sampled_from([1, 9])))


CHANGES = st.lists(st.tuples(st.sampled_from(PATHS), st.none() | texts()), max_size=8)


@settings(max_examples=25, deadline=None)
@given(CHANGES)
def test_incremental_equals_from_scratch(tmp_path_factory: pytest.TempPathFactory, changes: list) -> None:  # type: ignore[type-arg]
    folder = tmp_path_factory.mktemp("t")
    one, other = Store.open(folder / "one", "/r"), Store.open(folder / "other", "/r")
    tables = Tables(one.connection)
    for path, text in changes:
        write(one, tables, path, text)
    for path, text in sorted(dict(changes).items()):
        write(other, Tables(other.connection), path, text)
    assert everything(one) == everything(other)
    one.close()
    other.close()


def test_nothing_is_left_of_a_file_that_is_taken_out(store: Store) -> None:
    tables = Tables(store.connection)
    write(store, tables, "a.py", "import plum\ndef quincemarmalade(x):\n    return zwetschge(x)\n")
    write(store, tables, "b.py", "1\n")
    store.settle()
    with store.transaction():
        tables.put_edges(2, [1])
        tables.put_cochanges([(1, 0, 2, 3), (2, 0, 1, 3)])
    assert b"quincemarmalade" in store.path.read_bytes()
    write(store, tables, "a.py", None)
    for table in ("chunks", "symbols", "uses", "imports", "edges", "cochange", "terms"):
        assert store.connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (int(table == "chunks"),), table
    store.purge()
    left = b"".join(file.read_bytes() for file in store.path.parent.iterdir())
    assert b"quince" not in left
    assert b"zwetschge" not in left


def test_a_replaced_file_keeps_its_id(store: Store) -> None:
    tables = Tables(store.connection)
    write(store, tables, "a.py", "x = 1\n")
    write(store, tables, "b.py", "y = 1\n")
    write(store, tables, "a.py", "z = 1\n")
    assert {path: known.id for path, known in tables.known().items()} == {"a.py": 1, "b.py": 2}
    assert tables.known_one("a.py") == tables.known()["a.py"]
    assert tables.known_one("c.py") is None
    with store.transaction():
        tables.touch(1, 7, 99)
    assert (tables.known()["a.py"].size, tables.known()["a.py"].mtime_ns) == (7, 99)


def test_what_lies_below_a_folder(store: Store) -> None:
    tables = Tables(store.connection)
    for path in ("a/b.py", "a/c/d.py", "a.py", "a0.py", "ab/c.py", "a-b.py"):
        write(store, tables, path, "x = 1\n")
    assert set(tables.known_below("a")) == {"a/b.py", "a/c/d.py"}
    assert set(tables.known_below("a.py")) == {"a.py"}
    assert list(tables.files()) == ["a-b.py", "a.py", "a/b.py", "a/c/d.py", "a0.py", "ab/c.py"]
    assert tables.file("a.py") == tables.files()["a.py"]


def test_a_failed_write_is_forgotten(store: Store) -> None:
    tables = Tables(store.connection)

    def fail() -> None:
        with store.transaction():
            tables.put("a.py", 1, 1, analyse("a.py", "def apple(): pass"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    tables.forget()
    write(store, tables, "b.py", "def apple(): pass")
    reader = Reader(store.path)
    assert [found.path for found in reader.definitions(["apple"])] == ["b.py"]
    assert store.connection.execute("SELECT chunks FROM terms WHERE term = 'apple'").fetchone() == (1,)
    reader.close()


@pytest.mark.parametrize("damaged", [b"junk", zlib.compress(b"one\ntwo\nthree"), zlib.compress(b"\xff\xff")])
def test_rows_that_do_not_fit_together_are_damage(store: Store, damaged: bytes) -> None:
    tables = Tables(store.connection)
    write(store, tables, "a.py", "def apple(): pass")
    store.connection.execute("UPDATE files SET bags = ?", (damaged,))
    with pytest.raises(IndexDamaged):
        write(store, tables, "a.py", "def pear(): pass")
    tables.forget()
    assert list(tables.known()) == ["a.py"]


def test_what_is_left_out_is_remembered(store: Store) -> None:
    tables = Tables(store.connection)
    with store.transaction():
        tables.put_skipped([("a", "is binary", 5, 6), ("b", "is a secret", -1, -1)])
        tables.leave_out([("c", "is huge", 7, 8)])
    assert tables.given_up() == {"a": ("is binary", 5, 6), "c": ("is huge", 7, 8)}
    with store.transaction():
        tables.no_longer_left_out(["a"])
    assert set(tables.given_up()) == {"c"}
    with store.transaction():
        tables.put_skipped([])
    assert tables.given_up() == {}


@given(st.sets(st.integers(0, 2**32 - 1)))
def test_numbers_come_back(numbers: set[int]) -> None:
    assert unpack(pack(numbers)) == sorted(numbers)
