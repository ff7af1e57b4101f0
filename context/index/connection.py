"""A connection that reads the index's file, and remembers its answers until somebody has written there.

For one thread at a time. What the answers mean is said in rows.py.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import quote

from mellum_ls.context.index.rows import Definition
from mellum_ls.context.index.schema import APPLICATION_ID, VERSION
from mellum_ls.context.index.store import TROUBLE

MOST_PLACES = 40
"""A name that is defined in more places is not told: which one is meant nobody could say."""
MOST_REMEMBERED = 8192
"""Answers; some of them are the symbols of a file, of which a hundred take 50 kB."""

_DEFINITION = "SELECT f.path, n.name, s.kind, s.start_line, s.end_line, s.signature, s.doc, s.container FROM "
_OUTLINE = (
    _DEFINITION + "files f CROSS JOIN symbols s ON s.file = f.id CROSS JOIN names n ON n.id = s.name "
    "WHERE f.path = ? ORDER BY s.id"
)
_BY_NAME = (
    _DEFINITION + "json_each(?) asked CROSS JOIN names n ON n.name = asked.value CROSS JOIN symbols s ON s.name = n.id "
    "CROSS JOIN files f ON f.id = s.file "
    f"WHERE (SELECT count(*) FROM (SELECT 1 FROM symbols WHERE name = n.id LIMIT {MOST_PLACES + 1})) <= {MOST_PLACES} "
    "ORDER BY n.name, f.path, s.start_line, s.id"
)


class Connection:
    """Raises sqlite3.Error, and UnicodeError where the file holds no text."""

    def __init__(self, path: Path) -> None:
        """Raises sqlite3.DatabaseError for a file that is no index of this version."""
        # Handed from thread to thread, but never used by two at once.
        uri = f"file:{quote(str(path))}?mode=ro"
        self._open = sqlite3.connect(uri, uri=True, timeout=1.0, isolation_level=None, check_same_thread=False)
        self.execute = self._open.execute
        self._version = 0
        self._rows: dict[tuple[object, ...], list[Any]] = {}
        self._outlines: dict[str, tuple[Definition, ...]] = {}
        self._names: dict[str, tuple[Definition, ...]] = {}
        try:
            found = self.execute("PRAGMA application_id").fetchone() + self.execute("PRAGMA user_version").fetchone()
            if found != (APPLICATION_ID, VERSION):
                raise sqlite3.DatabaseError("not an index of this version")
        except TROUBLE:
            self.close()
            raise

    def begin(self) -> None:
        """Before questions are asked: forget what was answered if the file has been written to since."""
        (version,) = self.execute("PRAGMA data_version").fetchone()
        size = len(self._rows) + len(self._outlines) + len(self._names)
        if version != self._version or size > MOST_REMEMBERED:
            self._rows.clear()
            self._outlines.clear()
            self._names.clear()
        self._version = version

    def close(self) -> None:
        """Close it."""
        self._open.close()

    def rows(self, sql: str, values: tuple[str | int, ...]) -> list[Any]:
        """What a query gives."""
        key = (sql, *values)
        if key not in self._rows:
            self._rows[key] = self.execute(sql, values).fetchall()
        return self._rows[key]

    def outline(self, path: str) -> list[Definition]:
        """The symbols of a file."""
        if path not in self._outlines:
            self._outlines[path] = tuple(map(Definition._make, self.execute(_OUTLINE, (path,))))
        return list(self._outlines[path])

    def by_name(self, names: Sequence[str]) -> list[tuple[Definition, ...]]:
        """Where each of the names is defined; nowhere for one with more than MOST_PLACES definitions."""
        if new := [name for name in names if name not in self._names]:
            self._names.update(dict.fromkeys(new, ()))
            found = map(Definition._make, self.execute(_BY_NAME, (json.dumps(new),)).fetchall())
            self._names.update({name: tuple(places) for name, places in groupby(found, lambda item: item.name)})
        return [self._names[name] for name in names]
