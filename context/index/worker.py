"""The process that builds an index: `python -m mellum_ls.context.index.worker`. Of the lowest priority.

Takes commands as JSON lines on its standard input, tells what happens as JSON lines on its standard output, and ends
when the input closes, so that it never outlives the server. Texts of files appear in neither.

Commands, by "do": `open` (first: root, index, exclude, processes, careful), `build`, `update` (paths), `exclude`
(globs), `rest` (seconds: begin nothing so long; 0 ends an earlier one), `stop`. `careful` lets no file be parsed in
this process that others wait for. Events, by "event": `waiting` (another process builds), `building`, `progress` (done,
total), `ready` and `updated` (what was done), `failed` (reason). All give `rss_bytes` and `cpu_seconds` of this
process, and of the processes that parsed and have ended `helpers_cpu_seconds` together and `helper_rss_bytes`, the most
that one of them had.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from mellum_ls.context.index.analysers import collect_seldom
from mellum_ls.context.index.builder import FEW_FILES, Builder, Report, Stopped
from mellum_ls.context.index.lock import BuildLock
from mellum_ls.context.index.rest import Rest
from mellum_ls.context.index.store import TROUBLE, Store, is_damage, make_private_folder, remove_files

LAST_SECONDS = 5.0
"""What a step in progress may take after the input has closed."""
MOST_PATHS = 200
"""Named in one event."""

Command = dict[str, Any]


class Worker:
    """Does commands from `commands` one after the other until `ended` is set; `say` takes events."""

    def __init__(
        self, commands: queue.SimpleQueue[Command], ended: threading.Event, rest: Rest, say: Callable[..., None]
    ) -> None:
        self._commands = commands
        self._ended = ended
        self._rest = rest
        self._say = say
        self._store: Store | None = None
        self._builder: Builder | None = None
        self._root = Path()
        self._index = Path()
        self._exclude: list[str] = []
        self._processes = 0
        self._careful = False

    def run(self) -> None:
        """Open, and do what comes."""
        first = self._commands.get()
        if first.get("do") != "open":
            return
        self._root, self._index = Path(first["root"]), Path(first["index"])
        self._exclude, self._processes = list(first.get("exclude", ())), int(first.get("processes", 0))
        self._careful = bool(first.get("careful"))
        try:
            make_private_folder(self._index.parent)
            lock = BuildLock(self._index.with_suffix(".lock"))
            if not lock.take_at_once():
                self._say("waiting")
                lock.take()
        except OSError as error:
            self._say("failed", reason=f"the folder {self._index.parent} cannot be used: {error.strerror}")
            return
        try:
            while not self._ended.is_set():
                self._do(self._next())
        except Stopped:
            return
        finally:
            if self._store is not None:
                self._store.close()

    def _next(self) -> Command:
        """The next command; updates that have piled up become one."""
        command = self._commands.get()
        if command.get("do") != "update":
            return command
        paths = dict.fromkeys(command["paths"])
        with contextlib.suppress(queue.Empty):
            while True:
                other = self._commands.get_nowait()
                if other.get("do") != "update":
                    # Whatever else there is to do looks at all files anyway, or ends everything.
                    return other if other.get("do") in ("exclude", "stop") else {"do": "build"}
                paths |= dict.fromkeys(other["paths"])
        return {"do": "update", "paths": list(paths)}

    def _do(self, command: Command) -> None:
        what = command.get("do")
        if what == "stop":
            raise Stopped
        if what == "exclude":
            self._exclude, self._builder = list(command["globs"]), None
        try:
            try:
                self._bring_up_to_date(command)
            except TROUBLE as error:
                if not is_damage(error):
                    raise
                # Found only now, as it was not damaged when it was opened, or where no check looks: once more, anew.
                self._forget_damaged()
                self._bring_up_to_date({"do": "build"})
        except TROUBLE as error:
            self._say("failed", reason=f"the index cannot be written: {error}")
        except OSError as error:
            self._say("failed", reason=f"the workspace cannot be indexed: {error.strerror or type(error).__name__}")

    def _bring_up_to_date(self, command: Command) -> None:
        builder = self._opened()
        if command.get("do") == "update":
            self._tell("updated", builder.update(command["paths"]))
        else:
            self._say("building")
            self._tell("ready", builder.build())

    def _opened(self) -> Builder:
        if self._store is None:
            self._store = Store.open(self._index, str(self._root))
        if self._builder is None:
            self._builder = Builder(
                self._root,
                self._store,
                self._exclude,
                processes=self._processes,
                processes_from=2 if self._careful else FEW_FILES,
                progress=lambda done, total: self._say("progress", done=done, total=total),
                stopped=self._ended.is_set,
                rest=self._rest,
            )
        return self._builder

    def _forget_damaged(self) -> None:
        if self._store is not None:
            self._store.close()
        self._store = self._builder = None
        remove_files(self._index)

    def _tell(self, event: str, report: Report) -> None:
        self._say(
            event,
            seconds=round(report.seconds, 3),
            written=report.written[:MOST_PATHS],
            removed=report.removed[:MOST_PATHS],
            num_written=len(report.written),
            num_removed=len(report.removed),
            num_left_out=len(report.left_out),
            unchanged=report.unchanged,
        )


def lower_priority() -> None:
    """Let everything else go first; on Windows whoever starts this process has to say that.

    What this process starts has the same priority.
    """
    if hasattr(os, "nice"):
        with contextlib.suppress(OSError):
            os.nice(19)
    if sys.platform == "linux":
        # Nice alone still takes a turn of some milliseconds while a suggestion is computed; this gives way at once.
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def resident_bytes() -> int:
    """Memory of this process; its highest where the system does not tell the present one, 0 where it tells neither."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    if sys.platform != "win32":
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024
    return 0


def cpu_seconds() -> float:
    """What this process has computed so far, without the processes that it has started."""
    return round(time.process_time(), 3)


def of_helpers() -> tuple[float, int]:
    """Seconds that the processes which have ended computed, and the most memory that one of them had; 0 if untold."""
    if sys.platform == "win32":
        return 0.0, 0
    import resource

    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    peak = used.ru_maxrss if sys.platform == "darwin" else used.ru_maxrss * 1024
    return round(used.ru_utime + used.ru_stime, 3), peak


def listen(lines: IO[str], commands: queue.SimpleQueue[Command], ended: threading.Event, rest: Rest) -> None:
    """Read commands until the input closes, and see to it that the process ends then."""
    for line in lines:
        with contextlib.suppress(ValueError):
            command = json.loads(line)
            if not isinstance(command, dict):
                continue
            if command.get("do") == "rest":
                # Not a thing to be done after others: it holds for what is being done.
                rest.begin(float(command.get("seconds", 0.0)))
            else:
                commands.put(command)
    ended.set()
    rest.begin(0.0)
    commands.put({"do": "stop"})
    # A step that does not end, or the wait for a lock, must not keep an orphan alive.
    threading.Timer(LAST_SECONDS, os._exit, (1,)).start()


def main() -> None:
    """Run until the input closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in the server's terminal is for the server
    lower_priority()
    collect_seldom()
    commands: queue.SimpleQueue[Command] = queue.SimpleQueue()
    ended, rest = threading.Event(), Rest()
    rest.take_anywhere()
    out = sys.stdout

    def say(event: str, **facts: object) -> None:
        with contextlib.suppress(OSError, ValueError):
            spent = {"rss_bytes": resident_bytes(), "cpu_seconds": cpu_seconds()}
            spent["helpers_cpu_seconds"], spent["helper_rss_bytes"] = of_helpers()
            out.write(json.dumps({"event": event, **spent, **facts}) + "\n")
            out.flush()

    threading.Thread(target=listen, args=(sys.stdin, commands, ended, rest), name="commands", daemon=True).start()
    Worker(commands, ended, rest, say).run()
    # The thread that listens may be inside of a read, which would keep the interpreter from ending in order.
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
