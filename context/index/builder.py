"""One workspace folder made into an index: all of it, and then what changes. Reads through the gate, writes the store.

Knows no process and no command; says how far it is and asks whether to stop.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from mellum_ls.context.git import GitFailedError, ask
from mellum_ls.context.index.analysers import Analysed, InProcess, InProcesses, Outcome
from mellum_ls.context.index.linking import Links
from mellum_ls.context.index.rest import Rest
from mellum_ls.context.index.store import Store
from mellum_ls.context.index.tables import File, Known, Tables
from mellum_ls.context.privacy.gate import Gate
from mellum_ls.context.privacy.ignore import IGNORE_FILES
from mellum_ls.context.workspace.history import cochange
from mellum_ls.context.workspace.reading import Text, read
from mellum_ls.context.workspace.walk import Walk

FEW_FILES = 150
"""Fewer are parsed sooner than a process has started."""
BATCH_FILES = 1_000
BATCH_SECONDS = 4.0
"""What a kill in between can lose."""
FLUSHED_FILES = 32
"""Their rows are written at once. While that lasts nobody takes what the other processes have done, and they wait."""
MOST_COCHANGED = 10
GIT_SECONDS = 5.0
MOST_LEFT_OUT = 5_000
"""Files whose reason to be left out is kept."""
_UNTIMED = -1


class Stopped(Exception):
    """The caller wants no more; what was written whole stays."""


@dataclass(slots=True)
class Report:
    """What a build or an update has done; paths in their order."""

    seconds: float = 0.0
    written: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)
    """With the reason."""
    unchanged: int = 0


class Builder:
    """Builds the index in `store` of the folder `root`. Raises sqlite3.Error, Stopped, and OSError for the folder.

    `processes` is how many extra processes parse where there are `processes_from` files to do or more; with 0, and
    with fewer files, it is done here. While a `rest` lasts nothing is begun.
    """

    def __init__(
        self,
        root: Path,
        store: Store,
        exclude: Sequence[str] = (),
        *,
        processes: int = 0,
        processes_from: int = FEW_FILES,
        progress: Callable[[int, int], None] = lambda done, total: None,
        stopped: Callable[[], bool] = lambda: False,
        rest: Rest | None = None,
    ) -> None:
        self._root = root
        self._store = store
        self._exclude = tuple(exclude)
        self._gate = Gate(root, self._exclude)
        self._tables = Tables(store.connection)
        self._processes = processes
        self._processes_from = processes_from
        self._progress = progress
        self._stopped = stopped
        self._rest = rest or Rest()
        self._in_processes: InProcesses | None = None
        self._links: Links | None = None
        self._linked_before = False

    def build(self) -> Report:
        """Bring the whole index up to date; what has the size and time that it had is not read again."""
        started, report = time.monotonic(), Report()
        self._gate = Gate(self._root, self._exclude)
        self._linked_before = self._store.said("linked") == "yes"
        known = self._tables.known()
        walked, stats = Walk(self._gate), dict[str, tuple[int, int]]()
        try:
            changed = self._changed(walked, known, stats, report)
            self._take_out([path for path in known if path not in stats], report)
            self._take_in(changed, known, report)
        finally:
            self._end_processes()
        skipped = [(each.path, each.reason, _UNTIMED, _UNTIMED) for each in walked.skipped]
        if not walked.is_whole:
            skipped.append(("", f"has more than {walked.max_files} files; the rest is left out", _UNTIMED, _UNTIMED))
        skipped += [(path, reason, *stats[path]) for path, reason in report.left_out]
        with self._store.transaction():
            self._tables.put_skipped(skipped[:MOST_LEFT_OUT])
        changed_now = bool(report.written or report.removed)
        if changed_now or self._store.said("linked") != "yes":
            self._links = None
            self._link_all()
        self._note_cochanges(changed_now)
        with self._store.transaction():
            self._store.say("whole", "yes")
        self._end(report, started, bool(report.removed))
        return report

    def _changed(
        self, walked: Walk, known: Mapping[str, Known], stats: dict[str, tuple[int, int]], report: Report
    ) -> list[str]:
        """The files that are to be read; notes in `stats` the sizes and times of all that are there."""
        given_up, changed = self._tables.given_up(), list[str]()
        for entry in walked:
            self._go_on()
            if not _is_storable(entry.path):
                continue
            stat = stats[entry.path] = (entry.size, entry.mtime_ns)
            old = known.get(entry.path)
            if old is not None and (old.size, old.mtime_ns) == stat:
                report.unchanged += 1
            elif entry.path in given_up and given_up[entry.path][1:] == stat:
                report.left_out.append((entry.path, given_up[entry.path][0]))
            else:
                changed.append(entry.path)
                # They take as long to start as some thousand files to be found.
                self._start_processes(len(changed))
        return changed

    def update(self, paths: Iterable[str]) -> Report:
        """Bring these files up to date, whatever happened to them; the path of a folder means all that is in it."""
        started, report = time.monotonic(), Report()
        self._linked_before = self._store.said("linked") == "yes"
        known: dict[str, Known] = {}
        changed, gone, refused = [], [], False
        for path in dict.fromkeys(paths):
            if not _is_storable(path):
                continue
            known |= self._tables.known_below(path)
            self._gate.changed(path)
            if path.rpartition("/")[2] in IGNORE_FILES or (self._gate.root / path).is_dir():
                return self.build()  # other files may be refused now, or a whole folder has come
            reason = self._gate.refuses(path)
            if reason is None and self._is_there(path):
                changed.append(path)
            else:
                refused = refused or reason is not None
                gone += [other for other in known if other == path or other.startswith(path + "/")]
        self._take_out(gone, report)
        try:
            self._take_in(changed, known, report)
        finally:
            self._end_processes()
        with self._store.transaction():
            self._tables.leave_out([(path, reason, _UNTIMED, _UNTIMED) for path, reason in report.left_out])
            self._tables.no_longer_left_out(report.written + report.removed)
        self._relink(known, report)
        self._end(report, started, refused and bool(report.removed))
        return report

    def _take_in(self, paths: Sequence[str], known: dict[str, Known], report: Report) -> None:
        self._start_processes(len(paths))
        analysers = self._in_processes or InProcess(self._gate)
        outcomes = analysers.outcomes(paths)
        done = 0
        self._progress(0, len(paths))
        while done < len(paths):
            done += self._write(outcomes, known, report)
            self._progress(done, len(paths))

    def _start_processes(self, files: int) -> None:
        """Start the processes that parse, where so many files are worth it and they do not run yet."""
        if self._in_processes is None and self._processes and files >= self._processes_from:
            self._in_processes = InProcesses(self._root, self._exclude, self._processes, self._rest)

    def _end_processes(self) -> None:
        if self._in_processes is not None:
            self._in_processes.close()
            self._in_processes = None

    def _write(self, outcomes: Iterator[Outcome], known: dict[str, Known], report: Report) -> int:
        """Write outcomes as they come, until it is time to make sure of them; gives their number."""
        written, removed, left_out, unchanged, count = [], [], [], 0, 0
        until = time.monotonic() + BATCH_SECONDS
        try:
            with self._store.transaction():
                for outcome in islice(outcomes, BATCH_FILES):
                    self._go_on()
                    count += 1
                    old = known.get(outcome.path)
                    if not isinstance(outcome, Analysed):
                        if self._tables.remove(outcome.path):
                            removed.append(outcome.path)
                        left_out.append((outcome.path, outcome.reason))
                    elif old is not None and old.digest == outcome.found.digest:
                        self._tables.touch(old.id, outcome.size, outcome.mtime_ns)
                        unchanged += 1
                    else:
                        self._tables.put(outcome.path, outcome.size, outcome.mtime_ns, outcome.found)
                        written.append(outcome.path)
                    if count % FLUSHED_FILES == 0:
                        self._tables.flush()
                    if time.monotonic() >= until:
                        break
                if written or removed:
                    self._store.say("linked", "no")
                self._tables.finish()
        except BaseException:
            self._tables.forget()
            raise
        report.written += written
        report.removed += removed
        report.left_out += left_out
        report.unchanged += unchanged
        return count

    def _take_out(self, paths: Sequence[str], report: Report) -> None:
        if not paths:
            return
        try:
            with self._store.transaction():
                report.removed += [path for path in paths if self._tables.remove(path)]
                self._store.say("linked", "no")
                self._tables.finish()
        except BaseException:
            self._tables.forget()
            raise

    def _relink(self, known: dict[str, Known], report: Report) -> None:
        links = self._linked()
        for path in report.written:
            links.added(path)
        for path in report.removed:
            links.removed(path)
        came = [path for path in report.written if path not in known]
        others: set[int] | None = None
        if self._linked_before and not any(map(links.is_configuration, [*report.written, *report.removed])):
            others = links.whose([*came, *report.removed])
        if others is None:
            self._link_all()
        else:
            own = {path: file for path in report.written if (file := self._tables.file(path)) is not None}
            self._link(own | self._tables.by_id(others))

    def _link(self, files: Mapping[str, File]) -> None:
        """Look up what these files import."""
        links = self._linked()
        with self._store.transaction():
            for path, file in files.items():
                self._go_on()
                found = map(self._tables.file, links.targets(path, file))
                self._tables.put_edges(file.id, [target.id for target in found if target is not None])
            self._store.say("linked", "yes")
        self._linked_before = True

    def _link_all(self) -> None:
        """Look up what all files import: at once, which takes half as long."""
        links, files = self._linked(), self._tables.files()
        edges: dict[int, list[int]] = {}
        with self._store.transaction():
            for file, targets in links.all_targets(files):
                self._go_on()
                edges[file.id] = [files[target].id for target in targets if target in files]
            self._tables.put_all_edges(edges)
            self._store.say("linked", "yes")
        self._linked_before = True

    def _is_there(self, path: str) -> bool:
        """Whether there is a file at its own place: what a link leads to is met elsewhere, or not at all."""
        place = self._gate.root / path
        return place.is_file() and os.path.realpath(place) == str(place)

    def _linked(self) -> Links:
        if self._links is None:
            self._links = Links(self._tables, self._tables.files(), self._root.name, self._configuration)
        return self._links

    def _configuration(self, path: str) -> str | None:
        text = read(path, self._gate)
        return text.text if isinstance(text, Text) else None

    def _note_cochanges(self, files_changed: bool) -> None:
        head = self._head()
        if not files_changed and head == self._store.said("history"):
            return
        files = self._tables.files()
        found = cochange(self._root, list(files))
        rows = [
            (file.id, position, files[partner.path].id, partner.count)
            for path, file in files.items()
            for position, partner in enumerate(found.of(path, MOST_COCHANGED))
            if partner.path in files
        ]
        with self._store.transaction():
            self._tables.put_cochanges(rows)
            self._store.say("history", head)

    def _head(self) -> str:
        """The newest commit; empty where there is none."""
        try:
            return ask(self._root, ["rev-parse", "HEAD"], timeout_s=GIT_SECONDS).decode("ascii", "replace").strip()
        except GitFailedError:
            return ""

    def _end(self, report: Report, started: float, purge: bool) -> None:
        if purge:
            # It may have gone because nobody is to see it: then its words must not stay on the disk either.
            self._store.purge()
        else:
            self._store.settle()
        report.seconds = time.monotonic() - started

    def _go_on(self) -> None:
        self._rest.take()
        if self._stopped():
            raise Stopped


def _is_storable(path: str) -> bool:
    """Whether SQLite can hold the name: one that is no text in the file system's encoding has lone surrogates."""
    return path.isascii() or not any("\ud800" <= character <= "\udfff" for character in path)
