"""The tables of the index and their version. Says what is stored, and nothing of how it gets there.

What is kept of a file's text: its sub-words (in no order), the names in it, the heads and first comment lines of its
symbols, all after secrets were taken out; never the text.
"""

from __future__ import annotations

APPLICATION_ID = 0x4D4C4958
"""Says that a file is an index of ours."""
VERSION = 2
"""Higher whenever tables, sub-words, chunks or what the parsers find change: an index of another version is rebuilt."""

SETTINGS = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
PRAGMA secure_delete = ON;
PRAGMA temp_store = MEMORY;
PRAGMA cache_size = -16000;
"""
"""Of the connection that writes. What is deleted is overwritten: a file may leave because it is secret."""

# `words` is FTS5 without content, and says which chunks hold a sub-word, no more: the reader weighs sub-words by how
# rare they are. To delete a row of it one must say what was in it, hence files.bags. The sub-words come cut already;
# the tokenizer `ascii` leaves all of them whole. What a transaction adds is gathered in up to 8 MB before it is
# written, so that fewer parts have to be merged.
TABLES = """
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE files(
    id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, folder TEXT NOT NULL, grammar TEXT NOT NULL,
    size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, hash BLOB NOT NULL, bags BLOB NOT NULL, uses BLOB NOT NULL
);
CREATE INDEX files_by_folder ON files(folder);
CREATE TABLE chunks(
    id INTEGER PRIMARY KEY, file INTEGER NOT NULL, start_line INTEGER NOT NULL, end_line INTEGER NOT NULL
);
CREATE INDEX chunks_by_file ON chunks(file);
CREATE VIRTUAL TABLE words USING fts5(bag, content='', tokenize='ascii', detail=none, columnsize=0);
INSERT INTO words(words, rank) VALUES('hashsize', 8388608);
CREATE TABLE terms(term TEXT PRIMARY KEY, chunks INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE names(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE symbols(
    id INTEGER PRIMARY KEY, file INTEGER NOT NULL, name INTEGER NOT NULL, kind TEXT NOT NULL,
    start_line INTEGER NOT NULL, end_line INTEGER NOT NULL,
    signature TEXT NOT NULL, doc TEXT NOT NULL, container TEXT NOT NULL
);
CREATE INDEX symbols_by_file ON symbols(file);
CREATE INDEX symbols_by_name ON symbols(name);
CREATE TABLE uses(name INTEGER NOT NULL, file INTEGER NOT NULL, PRIMARY KEY(name, file)) WITHOUT ROWID;
CREATE TABLE imports(
    id INTEGER PRIMARY KEY, file INTEGER NOT NULL, line INTEGER NOT NULL,
    module TEXT NOT NULL, names TEXT NOT NULL, system INTEGER NOT NULL
);
CREATE INDEX imports_by_file ON imports(file);
CREATE TABLE edges(
    file INTEGER NOT NULL, position INTEGER NOT NULL, target INTEGER NOT NULL, PRIMARY KEY(file, position)
) WITHOUT ROWID;
CREATE INDEX edges_by_target ON edges(target);
CREATE TABLE cochange(
    file INTEGER NOT NULL, position INTEGER NOT NULL, other INTEGER NOT NULL, times INTEGER NOT NULL,
    PRIMARY KEY(file, position)
) WITHOUT ROWID;
CREATE TABLE skipped(
    path TEXT PRIMARY KEY, reason TEXT NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL
) WITHOUT ROWID;
"""
