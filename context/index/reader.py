"""Answers from the index's file. Writes nothing, waits for nobody, and may be asked from any thread.

What cannot be read is an empty answer; `trouble` says why.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sqlite3
import threading
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from mellum_ls.context.index.rows import Chunk, Definition, Hit
from mellum_ls.context.index.schema import APPLICATION_ID, VERSION
from mellum_ls.context.index.store import TROUBLE
from mellum_ls.context.index.terms import is_term

MOST_TERMS = 12
"""Of a question; the rarest are taken. More of them cost time and hardly change the order."""
MOST_POSTINGS = 20_000
"""Chunks that the taken sub-words may occur in, all together: bounds the time of a question in a large workspace."""

logger = logging.getLogger(__name__)

_COUNTS = "SELECT term, chunks FROM terms WHERE term IN (SELECT value FROM json_each(?))"
_SEARCH = (
    "SELECT f.path, c.start_line, c.end_line, -words.rank FROM words "
    "JOIN chunks c ON c.id = words.rowid JOIN files f ON f.id = c.file "
    "WHERE words MATCH ? AND f.path NOT IN (SELECT value FROM json_each(?)) ORDER BY words.rank LIMIT ?"
)
_DEFINITION = (
    "SELECT f.path, n.name, s.kind, s.start_line, s.end_line, s.signature, s.doc, s.container "
    "FROM symbols s JOIN files f ON f.id = s.file JOIN names n ON n.id = s.name "
)


class Reader:
    """The index in one file, which need not be there yet. See `rows.Index` for what the questions mean."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._identity: tuple[int, int] | None = None
        self._closed = False
        self.trouble = ""
        """Why the last question could not be answered; empty when it was."""

    def close(self) -> None:
        """Close the file; further answers are empty."""
        with self._lock:
            self._closed = True
            self._close_idle()

    def search(self, terms: Sequence[str], limit: int, without: Collection[str] = ()) -> list[Hit]:
        """The best chunks, best first; equal ones by path and line."""
        asked = sorted({term for term in terms if is_term(term)})
        if not asked or limit <= 0:
            return []
        left_out = json.dumps([path for path in without if _is_text(path)])

        def ask(connection: sqlite3.Connection) -> list[Any]:
            taken = _rarest(connection, asked)
            if not taken:
                return []
            # More than asked for, because the order of equal ones is not SQLite's to choose.
            return connection.execute(_SEARCH, (" OR ".join(taken), left_out, 2 * limit + 16)).fetchall()

        rows = sorted(self._ask(ask), key=lambda row: (-round(row[3], 9), row[0], row[1]))
        return [Hit(Chunk(path, start, end), score) for path, start, end, score in rows[:limit]]

    def definitions(self, names: Collection[str], limit_per_name: int = 8) -> list[Definition]:
        """Where symbols of these names are defined."""
        asked = sorted({name for name in names if _is_text(name)})
        sql = (
            _DEFINITION + "WHERE s.name = (SELECT id FROM names WHERE name = ?) "
            "ORDER BY f.path, s.start_line, s.id LIMIT ?"
        )

        def ask(connection: sqlite3.Connection) -> list[Any]:
            return [row for name in asked for row in connection.execute(sql, (name, limit_per_name))]

        return [Definition(*row) for row in self._ask(ask)]

    def outline(self, path: str) -> list[Definition]:
        """The symbols of a file."""
        sql = _DEFINITION + "WHERE s.file = (SELECT id FROM files WHERE path = ?) ORDER BY s.id"
        return [Definition(*row) for row in self._rows(sql, path)]

    def users(self, name: str, limit: int = 50) -> list[str]:
        """The files that use a name."""
        sql = (
            "SELECT f.path FROM uses u JOIN files f ON f.id = u.file "
            "WHERE u.name = (SELECT id FROM names WHERE name = ?) ORDER BY f.path LIMIT ?"
        )
        return [path for (path,) in self._rows(sql, name, limit)]

    def imported_by(self, path: str) -> list[str]:
        """The files that a file imports."""
        sql = (
            "SELECT f.path FROM edges e JOIN files f ON f.id = e.target "
            "WHERE e.file = (SELECT id FROM files WHERE path = ?) ORDER BY e.position"
        )
        return [target for (target,) in self._rows(sql, path)]

    def importers_of(self, path: str, limit: int = 50) -> list[str]:
        """The files that import a file."""
        sql = (
            "SELECT DISTINCT f.path FROM edges e JOIN files f ON f.id = e.file "
            "WHERE e.target = (SELECT id FROM files WHERE path = ?) ORDER BY f.path LIMIT ?"
        )
        return [importer for (importer,) in self._rows(sql, path, limit)]

    def cochanged(self, path: str, limit: int = 10) -> list[tuple[str, int]]:
        """The files that changed together with a file."""
        sql = (
            "SELECT f.path, c.times FROM cochange c JOIN files f ON f.id = c.other "
            "WHERE c.file = (SELECT id FROM files WHERE path = ?) ORDER BY c.position LIMIT ?"
        )
        return [(other, times) for other, times in self._rows(sql, path, limit)]

    def files_in(self, folder: str) -> list[str]:
        """The files directly in a folder."""
        return [path for (path,) in self._rows("SELECT path FROM files WHERE folder = ? ORDER BY path", folder)]

    def has(self, path: str) -> bool:
        """Whether the file is in the index."""
        return bool(self._rows("SELECT 1 FROM files WHERE path = ?", path))

    def counts(self) -> dict[str, int]:
        """How many files, chunks and symbols there are."""
        sql = "SELECT (SELECT count(*) FROM files), (SELECT count(*) FROM chunks), (SELECT count(*) FROM symbols)"
        rows = self._rows(sql) or [(0, 0, 0)]
        return dict(zip(("files", "chunks", "symbols"), rows[0], strict=True))

    def skipped(self, limit: int = 100) -> list[tuple[str, str]]:
        """Files that are left out, with the reason, ordered by path."""
        rows = self._rows("SELECT path, reason FROM skipped ORDER BY path LIMIT ?", limit)
        return [(path, reason) for path, reason in rows]

    def is_whole(self) -> bool:
        """Whether a build has come to its end since the tables were made."""
        return bool(self._rows("SELECT 1 FROM meta WHERE key = 'whole'"))

    def _rows(self, sql: str, *values: str | int) -> list[Any]:
        if not all(_is_text(value) for value in values if isinstance(value, str)):
            return []
        return self._ask(lambda connection: connection.execute(sql, values).fetchall())

    def _ask(self, question: Callable[[sqlite3.Connection], list[Any]]) -> list[Any]:
        """The rows that `question` finds, over a connection that nobody else uses meanwhile; empty on trouble."""
        connection = None
        try:
            connection = self._take()
            rows = question(connection)
        except FileNotFoundError:
            self._note("there is no index yet")
        except (*TROUBLE, OSError) as error:
            self._note(str(error))
        else:
            self._note("")
            self._give_back(connection)
            return rows
        if connection is not None:
            connection.close()
        return []

    def _take(self) -> sqlite3.Connection:
        identity = _identity(self._path)
        with self._lock:
            if self._closed:
                raise FileNotFoundError
            if identity != self._identity:
                # Another file lies there now: the old connections would go on answering from the one that is gone.
                self._close_idle()
                self._identity = identity
            elif self._idle:
                return self._idle.pop()
        return _connect(self._path)

    def _give_back(self, connection: sqlite3.Connection) -> None:
        with contextlib.suppress(OSError), self._lock:
            if not self._closed and _identity(self._path) == self._identity and len(self._idle) < 4:
                self._idle.append(connection)
                return
        connection.close()

    def _close_idle(self) -> None:
        while self._idle:
            self._idle.pop().close()

    def _note(self, trouble: str) -> None:
        if trouble and trouble != self.trouble:
            logger.info("the index %s does not answer: %s", self._path.name, trouble)
        self.trouble = trouble


def _rarest(connection: sqlite3.Connection, asked: Sequence[str]) -> list[str]:
    rows = connection.execute(_COUNTS, (json.dumps(asked),)).fetchall()
    taken: list[str] = []
    left = MOST_POSTINGS
    for term, chunks in sorted(rows, key=lambda row: (row[1], row[0]))[:MOST_TERMS]:
        if taken and chunks > left:
            break
        taken.append(f'"{term}"')
        left -= chunks
    return taken


def _connect(path: Path) -> sqlite3.Connection:
    # Handed from thread to thread, but never used by two at once.
    uri = f"file:{quote(str(path))}?mode=ro"
    connection = sqlite3.connect(uri, uri=True, timeout=1.0, isolation_level=None, check_same_thread=False)
    try:
        found = (
            connection.execute("PRAGMA application_id").fetchone()
            + connection.execute("PRAGMA user_version").fetchone()
        )
        if found != (APPLICATION_ID, VERSION):
            raise sqlite3.DatabaseError("not an index of this version")
    except TROUBLE:
        connection.close()
        raise
    return connection


def _identity(path: Path) -> tuple[int, int]:
    found = os.stat(path)
    return found.st_dev, found.st_ino


def _is_text(value: str) -> bool:
    """Whether it can be put to SQLite: a name of a file that is no text has lone surrogates."""
    return value.isprintable() or not any("\ud800" <= character <= "\udfff" for character in value)
