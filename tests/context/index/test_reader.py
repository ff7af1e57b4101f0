"""Answers: right, in their order, from any thread, and empty where the file is not to be read."""

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mellum_ls.context.index.analysis import analyse
from mellum_ls.context.index.reader import Reader
from mellum_ls.context.index.rows import Chunk
from mellum_ls.context.index.store import Store, remove_files
from mellum_ls.context.index.tables import Tables

FILES = {
    "app/cart.py": "from shop import price_of\n\nclass Cart:\n    def total(self): return price_of(self.apples)\n",
    "app/test_cart.py": "from cart import Cart\n\ndef test_total(): assert Cart().total() == 0\n",
    "main.py": "from app.cart import Cart\n\ndef total(): return Cart().total()\n",
    "shop.py": 'def price_of(fruit):\n    """What it costs."""\n    return fruit.apples * 2\n',
}


def fill(path: Path, files: dict[str, str]) -> None:
    store = Store.open(path, "/r")
    tables = Tables(store.connection)
    with store.transaction():
        ids = {name: tables.put(name, 1, 1, analyse(name, text)) for name, text in files.items()}
        tables.finish()
        if len(ids) == 4:
            cart, test_cart, main, shop = ids.values()
            tables.put_edges(cart, [shop])
            tables.put_edges(test_cart, [cart])
            tables.put_edges(main, [shop, cart])
            tables.put_cochanges([(cart, 0, test_cart, 7), (cart, 1, main, 2)])
            tables.put_skipped([("x.bin", "is binary", 1, 1)])
            store.say("whole", "yes")
    store.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "x #%?.index"
    fill(path, FILES)
    return path


@pytest.fixture
def reader(path: Path) -> Iterator[Reader]:
    reader = Reader(path)
    yield reader
    reader.close()


def test_search_finds_the_best_first(reader: Reader) -> None:
    hits = reader.search(["fruit", "costs", "apples"], 10)
    assert [hit.chunk.path for hit in hits] == ["shop.py", "app/cart.py"]
    assert hits[0].chunk == Chunk("shop.py", 0, 3)
    assert hits[0].score > hits[1].score > 0


def test_search_leaves_out_files_and_the_rest(reader: Reader) -> None:
    assert [hit.chunk.path for hit in reader.search(["apples"], 10, without=["shop.py"])] == ["app/cart.py"]
    assert [hit.chunk.path for hit in reader.search(["apples", "fruit"], 1)] == ["shop.py"]
    assert len(reader.search(["total"], 10, without=[f"{n}.py" for n in range(5000)])) == 3
    assert reader.search(["total"], 0) == []
    assert reader.search(["nowhere"], 5) == []
    assert reader.search([], 5) == []


def test_equal_chunks_come_in_the_order_of_their_paths(tmp_path: Path) -> None:
    fill(tmp_path / "y", {f"{name}.py": "apple = 1\n" for name in "dbeac"})
    reader = Reader(tmp_path / "y")
    assert [hit.chunk.path for hit in reader.search(["apple"], 3)] == ["a.py", "b.py", "c.py"]
    reader.close()


@given(st.lists(st.text(max_size=12), max_size=6))
def test_no_word_is_a_question_of_its_own(reader_of_all: Reader, words: list[str]) -> None:
    """Quotes, operators and columns of SQLite's language of questions are words like others, or none."""
    reader_of_all.search([*words, '"', "NEAR", "bag:", "a*", "-", "^x", "apples OR total"], 5)
    assert reader_of_all.trouble == ""


@pytest.fixture(scope="module")
def reader_of_all(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    path = tmp_path_factory.mktemp("r") / "x"
    fill(path, FILES)
    reader = Reader(path)
    yield reader
    reader.close()


def test_definitions(reader: Reader) -> None:
    found = reader.definitions({"total", "Cart", "nowhere", "\udc80"})
    assert [(d.name, d.path, d.kind, d.container) for d in found] == [
        ("Cart", "app/cart.py", "class", ""),
        ("total", "app/cart.py", "method", "Cart"),
        ("total", "main.py", "function", ""),
    ]
    assert len(reader.definitions(["total"], limit_per_name=1)) == 1
    (price,) = reader.definitions(["price_of"])
    assert (price.start_line, price.end_line, price.doc) == (0, 2, "What it costs.")
    assert "price_of(fruit)" in price.signature


def test_files_and_what_ties_them(reader: Reader) -> None:
    assert [d.name for d in reader.outline("app/cart.py")] == ["Cart", "total"]
    assert reader.users("price_of") == ["app/cart.py"]
    assert reader.users("Cart") == ["app/test_cart.py", "main.py"]
    assert reader.users("Cart", limit=1) == ["app/test_cart.py"]
    assert reader.imported_by("main.py") == ["shop.py", "app/cart.py"]
    assert reader.importers_of("app/cart.py") == ["app/test_cart.py", "main.py"]
    assert reader.importers_of("app/cart.py", limit=1) == ["app/test_cart.py"]
    assert reader.cochanged("app/cart.py") == [("app/test_cart.py", 7), ("main.py", 2)]
    assert reader.cochanged("app/cart.py", limit=1) == [("app/test_cart.py", 7)]
    assert reader.files_in("") == ["main.py", "shop.py"]
    assert reader.paths() == ["app/cart.py", "app/test_cart.py", "main.py", "shop.py"]
    assert reader.files_in("app") == ["app/cart.py", "app/test_cart.py"]
    assert reader.has("shop.py")
    assert not reader.has("app")
    assert not reader.has("\udc80.py")
    assert reader.counts() == {"files": 4, "chunks": 4, "symbols": 5}
    assert reader.skipped() == [("x.bin", "is binary")]
    assert reader.is_whole()


def test_without_a_file_answers_are_empty_until_there_is_one(tmp_path: Path) -> None:
    reader = Reader(tmp_path / "late")
    assert reader.search(["total"], 5) == []
    assert reader.trouble == "there is no index yet"
    fill(tmp_path / "late", FILES)
    assert len(reader.search(["total"], 5)) == 3
    assert reader.trouble == ""
    reader.close()
    assert not reader.has("shop.py")


def test_another_file_in_its_place_is_noticed(path: Path, reader: Reader) -> None:
    assert reader.has("shop.py")
    remove_files(path)
    fill(path, {"other.py": "x = 1\n"})
    assert not reader.has("shop.py")
    assert reader.has("other.py")


@pytest.mark.parametrize("keep", [0, 50, 4096, 12_288])
def test_a_damaged_file_answers_nothing_and_says_so(path: Path, keep: int) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:keep] + os.urandom(len(content) - keep))
    reader = Reader(path)
    reader.search(["total"], 5), reader.definitions(["Cart"]), reader.outline("shop.py"), reader.counts()
    assert reader.trouble
    reader.close()


def test_a_writer_is_not_waited_for(path: Path, reader: Reader) -> None:
    store = Store.open(path, "/r")
    with store.transaction() as connection:
        connection.execute("DELETE FROM files")
        assert reader.has("shop.py")
    assert not reader.has("shop.py")
    store.close()


def test_many_threads_ask_while_one_writes(path: Path, reader: Reader) -> None:
    """Every answer is one of a state that was written whole: both files are there, or neither."""
    store = Store.open(path, "/r")
    tables, ended = Tables(store.connection), threading.Event()

    def ask(_: int) -> int:
        count = 0
        while not ended.is_set():
            found = {d.path for d in reader.definitions(["quince"])}
            assert found in (set(), {"a.py", "b.py"})
            assert len(reader.search(["price"], 5)) == 2
            count += 1
        return count

    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(ask, number) for number in range(8)]
        try:
            for turn in range(60):
                with store.transaction():
                    for name in ("a.py", "b.py"):
                        if turn % 2:
                            tables.remove(name)
                        else:
                            tables.put(name, 1, 1, analyse(name, "def quince(): pass\n"))
                    tables.finish()
        finally:
            ended.set()
        assert sum(future.result() for future in asked) > 8
    assert reader.trouble == ""
    store.close()
