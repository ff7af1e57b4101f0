"""The tables as SQLite takes them."""

import sqlite3

from mellum_ls.context.index.schema import TABLES


def test_the_tables_can_be_made() -> None:
    connection = sqlite3.connect(":memory:")
    connection.executescript(TABLES)
    names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert {"files", "chunks", "words", "terms", "names", "symbols", "uses", "imports", "edges"} <= names
    connection.close()


def test_no_text_is_kept_and_scores_still_tell_chunks_apart() -> None:
    """A table of words without positions would give every chunk the score 0."""
    connection = sqlite3.connect(":memory:")
    connection.executescript(TABLES)
    for row, bag in enumerate(["alpha beta beta", "alpha gamma delta epsilon", *["other words"] * 9], start=1):
        connection.execute("INSERT INTO words(rowid, bag) VALUES(?, ?)", (row, bag))
    scores = connection.execute("SELECT rowid, rank FROM words WHERE words MATCH 'beta OR alpha' ORDER BY rank")
    (first, best), (second, next_best) = scores.fetchall()
    assert (first, second) == (1, 2)
    assert best < next_best < 0
    assert connection.execute("SELECT bag FROM words WHERE rowid = 1").fetchone() == (None,)
    connection.close()
