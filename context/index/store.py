"""The index's file: opened, checked, made anew when it is damaged, written in transactions. One process writes.

Knows the tables' layout as a whole, not what a file's rows mean.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from mellum_ls.context.index.schema import APPLICATION_ID, SETTINGS, TABLES, VERSION

MOST_BYTES = 1 << 30
"""Of the index's file; what would make it larger is not taken in."""
LOCK_SECONDS = 10.0
TROUBLE = (sqlite3.Error, UnicodeDecodeError)
"""What SQLite's functions raise; the second where the bytes that it quotes in a message are damaged."""
_NOT_THE_FILES_FAULT = frozenset(
    (
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_PERM,
    )
)

logger = logging.getLogger(__name__)


class IndexDamaged(sqlite3.DatabaseError):
    """What the tables hold does not fit together."""


class Store:
    """The connection that writes. Raises TROUBLE from its methods, and OSError from `open` too."""

    def __init__(self, path: Path, connection: sqlite3.Connection, why_new: str) -> None:
        self.path = path
        self.connection = connection
        self.why_new = why_new
        """Why the tables are empty: `new`, or what was wrong with the old file; empty where it was fine."""

    @classmethod
    def open(cls, path: Path, root: str, most_bytes: int = MOST_BYTES) -> Store:
        """The index of the folder `root` in the file `path`; whatever lies there and is no such index is replaced."""
        make_private_folder(path.parent)
        _make_private_file(path)
        why_new = ""
        try:
            connection = _connect(path)
        except TROUBLE as error:
            if not is_damage(error):
                raise
            connection, why_new = None, str(error)
        if connection is not None:
            why_new = _fault(connection, root)
            if why_new == "new":
                _fill(connection, root)
            elif why_new:
                connection.close()
                connection = None
        if connection is None:
            logger.warning("the index %s is made anew: %s", path.name, why_new)
            remove_files(path)
            _make_private_file(path)
            connection = _connect(path)
            _fill(connection, root)
        (page_size,) = connection.execute("PRAGMA page_size").fetchone()
        connection.execute(f"PRAGMA max_page_count = {max(1, most_bytes // page_size)}")
        return cls(path, connection, why_new)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Everything that is written inside is written, or nothing of it."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield self.connection
            self.connection.execute("COMMIT")
        except BaseException:
            # SQLite itself rolls back when the disk is full.
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            raise

    def settle(self) -> None:
        """Move what was written into the main file, so that the log beside it is empty; readers are not waited for."""
        self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def purge(self) -> None:
        """Leave nothing on the disk of what was removed: FTS5 keeps deleted words until its parts are merged."""
        with self.transaction() as connection:
            connection.execute("INSERT INTO words(words) VALUES('optimize')")
            connection.execute(
                "DELETE FROM names WHERE id NOT IN (SELECT name FROM uses) AND id NOT IN (SELECT name FROM symbols)"
            )
        self.settle()

    def say(self, key: str, value: str) -> None:
        """Note one fact about the whole index."""
        self.connection.execute("INSERT OR REPLACE INTO meta VALUES(?, ?)", (key, value))

    def said(self, key: str) -> str:
        """What was noted of it last; empty where nothing was."""
        row = self.connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return str(row[0]) if row is not None else ""

    def size_bytes(self) -> int:
        """What the index takes on the disk."""
        return size_bytes(self.path)

    def close(self) -> None:
        """Close the file; what no transaction has finished is gone."""
        self.connection.close()


def is_damage(error: Exception) -> bool:
    """Whether the file is to blame, and not the disk, its space or another process."""
    code = getattr(error, "sqlite_errorcode", None)
    if isinstance(error, IndexDamaged | UnicodeDecodeError) or code == sqlite3.SQLITE_IOERR_SHORT_READ:
        return True
    # Damage takes many forms (no such table, read only by a version in the header), trouble from outside few.
    return code is not None and code & 0xFF not in _NOT_THE_FILES_FAULT


def files_of(path: Path) -> tuple[Path, Path, Path]:
    """The index's file and the two that SQLite puts beside it while it is open."""
    return path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")


def size_bytes(path: Path) -> int:
    """What an index takes on the disk with all of its files; 0 where there is none."""
    total = 0
    for file in files_of(path):
        with contextlib.suppress(OSError):
            total += file.stat().st_size
    return total


def remove_files(path: Path) -> None:
    """Remove an index. OSError where that is forbidden."""
    for file in files_of(path):
        file.unlink(missing_ok=True)


def make_private_folder(folder: Path) -> None:
    """Make a folder that nobody else can look into. OSError where that cannot be."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_mode & 0o077:
        folder.chmod(0o700)


def _make_private_file(path: Path) -> None:
    # SQLite gives the files beside it the same mode. A link would let someone else choose what is written over.
    if path.is_symlink():
        path.unlink()
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
    file = os.open(path, flags, 0o600)
    try:
        if hasattr(os, "fchmod"):
            os.fchmod(file, 0o600)
    finally:
        os.close(file)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=LOCK_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        connection.executescript(SETTINGS)
    except TROUBLE:
        connection.close()
        raise
    return connection


def _fault(connection: sqlite3.Connection, root: str) -> str:
    """Why the tables cannot be used as they are; `new` for an empty file, empty where all is well."""
    try:
        if connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,):
            return "new"
        if connection.execute("PRAGMA application_id").fetchone() != (APPLICATION_ID,):
            return "not an index"
        if connection.execute("PRAGMA user_version").fetchone() != (VERSION,):
            return "of another version"
        if connection.execute("SELECT value FROM meta WHERE key = 'root'").fetchone() != (root,):
            return "of another folder"
        if connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            return "damaged"
    except TROUBLE as error:
        if is_damage(error):
            return str(error)
        connection.close()
        raise
    return ""


def _fill(connection: sqlite3.Connection, root: str) -> None:
    # In one transaction, so that a kill in between leaves an empty file and not half of the tables.
    connection.executescript(
        f"BEGIN IMMEDIATE; PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION}; {TABLES}"
    )
    connection.execute("INSERT INTO meta VALUES('root', ?)", (root,))
    connection.execute("COMMIT")
