"""What is written of each file, and how it is taken out again without a trace. Transactions are its caller's."""

from __future__ import annotations

import json
import sqlite3
import zlib
from array import array
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, groupby, pairwise
from operator import itemgetter

from mellum_ls.context.index.analysis import Analysis
from mellum_ls.context.index.store import IndexDamaged
from mellum_ls.context.languages.symbols import Import

MOST_REMEMBERED_NAMES = 200_000
"""Ids of names that are kept in memory, about 20 MB."""


@dataclass(frozen=True, slots=True)
class Known:
    """A file of the index, and by what its change is noticed."""

    id: int
    size: int
    mtime_ns: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class File:
    """A file's row, so far as linking needs it."""

    id: int
    grammar: str
    """Its name; empty where there is none."""


class Tables:
    """Writes rows over the connection of a store. Raises sqlite3.Error; then `forget`, and nothing was written."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._name_ids: dict[str, int] = {}
        self._term_changes: Counter[str] = Counter()
        self._waiting = _Rows()
        # Ids are given out here, so that rows need not be written one by one; 0 where the highest is not known.
        self._next_name = self._next_chunk = 0
        self._all_names_remembered = False

    def known(self) -> dict[str, Known]:
        """All files by their paths."""
        rows = self._connection.execute("SELECT path, id, size, mtime_ns, hash FROM files")
        return {path: Known(file, size, mtime_ns, digest) for path, file, size, mtime_ns, digest in rows}

    def known_one(self, path: str) -> Known | None:
        """One file by its path."""
        row = self._connection.execute("SELECT id, size, mtime_ns, hash FROM files WHERE path = ?", (path,)).fetchone()
        return Known(*row) if row is not None else None

    def known_below(self, path: str) -> dict[str, Known]:
        """The file `path`, or the files in a folder of that name."""
        rows = self._connection.execute(
            "SELECT path, id, size, mtime_ns, hash FROM files WHERE path = ? OR (path > ? AND path < ?)",
            (path, path + "/", path + "0"),  # the character behind the slash
        )
        return {path: Known(file, size, mtime_ns, digest) for path, file, size, mtime_ns, digest in rows}

    def files(self) -> dict[str, File]:
        """All files by their paths, ordered."""
        rows = self._connection.execute("SELECT path, id, grammar FROM files ORDER BY path")
        return {path: File(file, grammar) for path, file, grammar in rows}

    def file(self, path: str) -> File | None:
        """One file by its path."""
        row = self._connection.execute("SELECT id, grammar FROM files WHERE path = ?", (path,)).fetchone()
        return File(*row) if row is not None else None

    def given_up(self) -> dict[str, tuple[str, int, int]]:
        """Files that were read and left out: the reason, and the size and time that they had."""
        rows = self._connection.execute("SELECT path, reason, size, mtime_ns FROM skipped WHERE mtime_ns >= 0")
        return {path: (reason, size, mtime_ns) for path, reason, size, mtime_ns in rows}

    def put(self, path: str, size: int, mtime_ns: int, found: Analysis) -> int:
        """Write a file's rows, in place of those it had; its id stays the same. Gives the id."""
        old = self.known_one(path)
        if old is not None:
            self._clear(old.id)
        use_ids = self._ids_of(found.uses)
        packed = pack(use_ids)
        values = (found.grammar, size, mtime_ns, found.digest, found.bags, packed)
        if old is None:
            cursor = self._connection.execute(
                "INSERT INTO files(path, folder, grammar, size, mtime_ns, hash, bags, uses) VALUES(?,?,?,?,?,?,?,?)",
                (path, path.rpartition("/")[0], *values),
            )
            assert cursor.lastrowid is not None
            file = cursor.lastrowid
        else:
            file = old.id
            self._connection.execute(
                "UPDATE files SET grammar=?, size=?, mtime_ns=?, hash=?, bags=?, uses=? WHERE id=?", (*values, file)
            )
        self._write(file, use_ids, found)
        return file

    def _write(self, file: int, use_ids: Sequence[int], found: Analysis) -> None:
        waiting = self._waiting
        waiting.files.add(file)
        self._next_chunk = self._next_chunk or self._highest("chunks") + 1
        for number, chunk in enumerate(found.chunks, self._next_chunk):
            waiting.chunks.append((number, file, chunk.start_line, chunk.end_line))
            waiting.words.append((number, chunk.bag))
            self._term_changes.update(chunk.bag.split())
        self._next_chunk += len(found.chunks)
        names = self._ids_of([symbol.name for symbol in found.symbols])
        waiting.symbols += (
            (file, name, s.kind, s.start_line, s.end_line, s.signature, s.doc, s.container)
            for name, s in zip(names, found.symbols, strict=True)
        )
        waiting.uses += ((name, file) for name in use_ids)
        waiting.imports += ((file, i.line, i.module, json.dumps(i.names), i.system) for i in found.imports)

    def _highest(self, table: str) -> int:
        (number,) = self._connection.execute(f"SELECT coalesce(max(id), 0) FROM {table}").fetchone()
        return int(number)

    def flush(self) -> None:
        """Write the rows that wait, in the order in which the trees have them."""
        waiting, self._waiting = self._waiting, _Rows()
        put = self._connection.executemany
        put("INSERT INTO chunks(id, file, start_line, end_line) VALUES(?,?,?,?)", waiting.chunks)
        put("INSERT INTO words(rowid, bag) VALUES(?,?)", waiting.words)
        put(
            "INSERT INTO symbols(file, name, kind, start_line, end_line, signature, doc, container) "
            "VALUES(?,?,?,?,?,?,?,?)",
            waiting.symbols,
        )
        put("INSERT INTO uses VALUES(?,?)", sorted(waiting.uses))
        put("INSERT INTO imports(file, line, module, names, system) VALUES(?,?,?,?,?)", waiting.imports)

    def touch(self, file: int, size: int, mtime_ns: int) -> None:
        """Note that a file's text is the same though its time is not."""
        self._connection.execute("UPDATE files SET size=?, mtime_ns=? WHERE id=?", (size, mtime_ns, file))

    def remove(self, path: str) -> bool:
        """Take a file out with everything that was found in it; whether it was there."""
        old = self.known_one(path)
        if old is None:
            return False
        self._clear(old.id)
        for statement in (
            "DELETE FROM edges WHERE file = ? OR target = ?",
            "DELETE FROM cochange WHERE file = ? OR other = ?",
        ):
            self._connection.execute(statement, (old.id, old.id))
        self._connection.execute("DELETE FROM files WHERE id = ?", (old.id,))
        return True

    def _clear(self, file: int) -> None:
        if file in self._waiting.files:
            self.flush()
        connection = self._connection
        bags, uses = connection.execute("SELECT bags, uses FROM files WHERE id = ?", (file,)).fetchone()
        rows = connection.execute("SELECT id FROM chunks WHERE file = ? ORDER BY id", (file,)).fetchall()
        try:
            old = zlib.decompress(bags).decode().split("\n")
            used = unpack(uses)
        except (zlib.error, ValueError) as error:
            raise IndexDamaged(f"the rows of file {file} cannot be read") from error
        if len(old) != max(1, len(rows)):
            raise IndexDamaged(f"file {file} has {len(rows)} chunks and {len(old)} bags")
        for (chunk,), bag in zip(rows, old, strict=False):
            # Exactly what was put in, or FTS5 would keep wrong counts.
            connection.execute("INSERT INTO words(words, rowid, bag) VALUES('delete', ?, ?)", (chunk, bag))
            self._term_changes.subtract(bag.split())
        connection.executemany("DELETE FROM uses WHERE name = ? AND file = ?", [(name, file) for name in used])
        for table in ("chunks", "symbols", "imports"):
            connection.execute(f"DELETE FROM {table} WHERE file = ?", (file,))

    def finish(self) -> None:
        """Write what waits, and bring the counts of sub-words up to date: to be called before a transaction ends."""
        self.flush()
        changes = sorted((term, change) for term, change in self._term_changes.items() if change)
        self._connection.executemany(
            "INSERT INTO terms VALUES(?, ?) ON CONFLICT(term) DO UPDATE SET chunks = chunks + excluded.chunks", changes
        )
        gone = [(term,) for term, change in changes if change < 0]
        self._connection.executemany("DELETE FROM terms WHERE term = ? AND chunks <= 0", gone)
        self._term_changes.clear()

    def forget(self) -> None:
        """After a transaction that failed: what was remembered of it is not in the file."""
        self._name_ids.clear()
        self._term_changes.clear()
        self._waiting = _Rows()
        self._next_name = self._next_chunk = 0

    def imports_of(self, file: int) -> list[Import]:
        """What a file imports, as it is written there."""
        rows = self._connection.execute(
            "SELECT module, names, line, system FROM imports WHERE file = ? ORDER BY id", (file,)
        )
        return [_import(*row) for row in rows]

    def all_imports(self) -> Iterator[tuple[int, list[Import]]]:
        """`imports_of` every file that has some, by the files' ids; nothing is to be written meanwhile."""
        rows = self._connection.execute("SELECT file, module, names, line, system FROM imports ORDER BY file, id")
        for file, those in groupby(rows, itemgetter(0)):
            yield file, [_import(*row) for _, *row in those]

    def files_in(self, grammars: Collection[str]) -> set[int]:
        """The files of these languages, by the names of their grammars."""
        marks = ",".join("?" * len(grammars))
        rows = self._connection.execute(f"SELECT id FROM files WHERE grammar IN ({marks})", tuple(grammars))
        return {file for (file,) in rows} if grammars else set()

    def files_that_import(self, part: str) -> set[int]:
        """The files with an import in whose module or names `part` stands."""
        rows = self._connection.execute(
            "SELECT DISTINCT file FROM imports WHERE instr(module, ?) OR instr(names, ?)",
            (part, json.dumps(part)[1:-1]),
        )
        return {file for (file,) in rows}

    def by_id(self, files: Collection[int]) -> dict[str, File]:
        """The files with these ids by their paths."""
        rows = self._connection.execute(
            "SELECT path, id, grammar FROM files WHERE id IN (SELECT value FROM json_each(?))",
            (json.dumps(list(files)),),
        )
        return {path: File(file, grammar) for path, file, grammar in rows}

    def put_edges(self, file: int, targets: Iterable[int]) -> None:
        """Which files a file imports, in that order, in place of those noted before."""
        self._connection.execute("DELETE FROM edges WHERE file = ?", (file,))
        self._put_edges(file, targets)

    def put_all_edges(self, targets: Mapping[int, Iterable[int]]) -> None:
        """`put_edges` of all files, in place of all that was noted."""
        self._connection.execute("DELETE FROM edges")
        for file in sorted(targets):
            self._put_edges(file, targets[file])

    def _put_edges(self, file: int, targets: Iterable[int]) -> None:
        rows = [(file, position, target) for position, target in enumerate(targets)]
        if rows:
            self._connection.executemany("INSERT INTO edges VALUES(?,?,?)", rows)

    def put_cochanges(self, rows: Iterable[tuple[int, int, int, int]]) -> None:
        """All rows (file, position, other file, times) about files that changed together, in place of the old."""
        self._connection.execute("DELETE FROM cochange")
        self._connection.executemany("INSERT INTO cochange VALUES(?,?,?,?)", rows)

    def put_skipped(self, rows: Iterable[tuple[str, str, int, int]]) -> None:
        """All rows (path, reason, size, mtime_ns) about files that are left out, in place of the old."""
        self._connection.execute("DELETE FROM skipped")
        self.leave_out(rows)

    def leave_out(self, rows: Iterable[tuple[str, str, int, int]]) -> None:
        """Note more files that are left out, in rows as for `put_skipped`."""
        self._connection.executemany("INSERT OR REPLACE INTO skipped VALUES(?,?,?,?)", rows)

    def no_longer_left_out(self, paths: Iterable[str]) -> None:
        """Forget why files were left out."""
        self._connection.executemany("DELETE FROM skipped WHERE path = ?", [(path,) for path in paths])

    def _ids_of(self, names: Sequence[str]) -> list[int]:
        ids = self._name_ids
        if len(ids) > MOST_REMEMBERED_NAMES:
            ids.clear()
            self._all_names_remembered = False
        unknown = [name for name in dict.fromkeys(names) if name not in ids]
        if unknown:
            if not self._next_name:
                self._next_name = self._highest("names") + 1
                self._all_names_remembered = self._next_name == 1
            if not self._all_names_remembered:
                rows = self._connection.execute(
                    "SELECT name, id FROM names WHERE name IN (SELECT value FROM json_each(?))", (json.dumps(unknown),)
                )
                ids.update(rows.fetchall())
            new = [(number, name) for number, name in enumerate((n for n in unknown if n not in ids), self._next_name)]
            self._next_name += len(new)
            self._connection.executemany("INSERT INTO names(id, name) VALUES(?,?)", new)
            ids.update((name, number) for number, name in new)
        return [ids[name] for name in names]


_NO_NAMES = json.dumps([])
"""As most imports have it; to compare with it takes a tenth of reading it."""


def _import(module: str, names: str, line: int, system: int) -> Import:
    return Import(module, tuple(json.loads(names)) if names != _NO_NAMES else (), (), line, bool(system))


@dataclass(slots=True)
class _Rows:
    """Rows of files that were put in and wait to be written together."""

    files: set[int] = field(default_factory=set)
    chunks: list[tuple[object, ...]] = field(default_factory=list)
    words: list[tuple[object, ...]] = field(default_factory=list)
    symbols: list[tuple[object, ...]] = field(default_factory=list)
    uses: list[tuple[int, int]] = field(default_factory=list)
    imports: list[tuple[object, ...]] = field(default_factory=list)


def pack(numbers: Iterable[int]) -> bytes:
    """A set of numbers below 2**32 in few bytes."""
    ordered = sorted(set(numbers))
    return zlib.compress(array("I", [later - earlier for earlier, later in pairwise([0, *ordered])]).tobytes(), 3)


def unpack(data: bytes) -> list[int]:
    """The numbers that were packed, ascending."""
    steps = array("I")
    steps.frombytes(zlib.decompress(data))
    return list(accumulate(steps))
