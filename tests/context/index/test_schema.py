"""The tables as SQLite takes them."""

import sqlite3

import pytest

from mellum_ls.context.index.schema import TABLES


def test_the_tables_can_be_made() -> None:
    connection = sqlite3.connect(":memory:")
    connection.executescript(TABLES)
    names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert {"files", "chunks", "words", "terms", "names", "symbols", "uses", "imports", "edges"} <= names
    connection.close()


def test_no_text_is_kept_and_what_was_put_in_can_be_taken_out() -> None:
    connection = sqlite3.connect(":memory:")
    connection.executescript(TABLES)
    for row, bag in enumerate(["alpha beta", "alpha delta epsilon gamma", *["other words"] * 9], start=1):
        connection.execute("INSERT INTO words(rowid, bag) VALUES(?, ?)", (row, bag))
    holders = "SELECT rowid FROM words WHERE words MATCH ? ORDER BY rowid"
    assert connection.execute(holders, ('"alpha"',)).fetchall() == [(1,), (2,)]
    with pytest.raises(sqlite3.OperationalError):
        connection.execute("SELECT bag FROM words WHERE rowid = 1").fetchall()
    assert "words_content" not in {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    connection.execute("INSERT INTO words(words, rowid, bag) VALUES('delete', 1, 'alpha beta')")
    assert connection.execute(holders, ('"alpha"',)).fetchall() == [(2,)]
    assert connection.execute(holders, ('"beta"',)).fetchall() == []
    connection.close()
