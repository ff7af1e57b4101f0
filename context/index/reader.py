"""Answers from the index's file. Writes nothing, waits for nobody, and may be asked from any thread.

What cannot be read is an empty answer; `trouble` says why.
"""

from __future__ import annotations

import contextlib
import json
import logging
import math
import os
import threading
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

from mellum_ls.context.index.connection import Connection
from mellum_ls.context.index.rows import Chunk, Definition, Hit
from mellum_ls.context.index.store import TROUBLE
from mellum_ls.context.index.terms import is_term

MOST_TERMS = 10
"""Of a question; the rarest are taken. More of them cost time and hardly change the order."""
MOST_POSTINGS = 3_000
"""Chunks that the taken sub-words may occur in, all together: bounds the time of a question in a large workspace."""

logger = logging.getLogger(__name__)

_COUNTS = "SELECT term, chunks FROM terms WHERE term IN (SELECT value FROM json_each(?))"
_HOLDERS = "SELECT rowid FROM words WHERE words MATCH ?"
_PLACES = (
    "SELECT c.id, f.path, c.start_line, c.end_line FROM json_each(?) found "
    "CROSS JOIN chunks c ON c.id = found.value CROSS JOIN files f ON f.id = c.file"
)
_MANY = 100_000
"""Chunks of a large workspace: how rare a word is counts from there, so that equal chunks weigh the same in all."""


class Reader:
    """The index in one file, which need not be there yet. See `rows.Index` for what the questions mean."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._idle: list[Connection] = []
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
        left_out = frozenset(without)

        def ask(connection: Connection) -> list[Any]:
            scores = _scores(connection, asked)
            for chunk in _chunks_of(connection, left_out):
                scores.pop(chunk, None)
            least = sorted(scores.values())[-min(limit, len(scores)) :][:1]
            best = [chunk for chunk, score in scores.items() if score >= least[0]]
            rows = connection.execute(_PLACES, (json.dumps(best),))
            return [(-scores[chunk], path, start, end) for chunk, path, start, end in rows]

        return [Hit(Chunk(path, start, end), -score) for score, path, start, end in sorted(self._ask(ask))[:limit]]

    def definitions(self, names: Collection[str], limit_per_name: int = 8) -> list[Definition]:
        """Where symbols of these names are defined."""
        asked = sorted({name for name in names if _is_text(name)})

        def ask(connection: Connection) -> list[Any]:
            return [definition for places in connection.by_name(asked) for definition in places[:limit_per_name]]

        return self._ask(ask)

    def outline(self, path: str) -> list[Definition]:
        """The symbols of a file."""
        return self._ask(lambda connection: connection.outline(path)) if _is_text(path) else []

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

    def paths(self) -> list[str]:
        """All files, ordered."""
        return [path for (path,) in self._rows("SELECT path FROM files ORDER BY path")]

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
        return self._ask(lambda connection: connection.rows(sql, values))

    def _ask(self, question: Callable[[Connection], list[Any]]) -> list[Any]:
        """The rows that `question` finds, over a connection that nobody else uses meanwhile; empty on trouble."""
        connection = None
        try:
            connection = self._take()
            connection.begin()
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

    def _take(self) -> Connection:
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
        return Connection(self._path)

    def _give_back(self, connection: Connection) -> None:
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


def _scores(connection: Connection, asked: Sequence[str]) -> dict[int, float]:
    """Chunks and how much the sub-words in them say together, rare ones more.

    BM25 over chunks of equal length is little else: how often a word stands in 40 lines says little, and to look it up
    costs five times as much.
    """
    rows = connection.execute(_COUNTS, (json.dumps(asked),)).fetchall()
    scores: dict[int, float] = {}
    known = scores.get
    left = MOST_POSTINGS
    for term, chunks in sorted(rows, key=lambda row: (row[1], row[0]))[:MOST_TERMS]:
        if scores and chunks > left:
            break
        left -= chunks
        weight = round(math.log(1 + _MANY / chunks), 6)
        for (chunk,) in connection.execute(_HOLDERS, (f'"{term}"',)):
            scores[chunk] = known(chunk, 0.0) + weight
    return scores


def _chunks_of(connection: Connection, paths: Collection[str]) -> set[int]:
    sql = "SELECT id FROM chunks WHERE file IN (SELECT id FROM files WHERE path IN (SELECT value FROM json_each(?)))"
    return {chunk for (chunk,) in connection.execute(sql, (json.dumps([path for path in paths if _is_text(path)]),))}


def _identity(path: Path) -> tuple[int, int]:
    found = os.stat(path)
    return found.st_dev, found.st_ino


def _is_text(value: str) -> bool:
    """Whether it can be put to SQLite: a name of a file that is no text has lone surrogates."""
    return value.isprintable() or not any("\ud800" <= character <= "\udfff" for character in value)
