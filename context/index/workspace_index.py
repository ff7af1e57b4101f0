"""The index of one workspace folder as the server has it: a process that builds, kept alive, and a reader for answers.

Knows asyncio; knows neither what is in a file nor what is asked.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import logging
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

from mellum_ls.context.index.reader import Reader
from mellum_ls.context.index.store import size_bytes

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 60.0
CLOSE_SECONDS = 8.0
"""What the process may take to end in order; then it is killed, which loses at most one batch of files."""
MOST_PROCESSES = 2
_LINE_BYTES = 1 << 20
_COMMAND = (sys.executable, "-P", "-m", "mellum_ls.context.index.worker")

State = Literal["off", "starting", "waiting", "building", "ready", "failed"]
Event = dict[str, Any]

logger = logging.getLogger(__name__)


def index_path(cache_dir: Path, root: Path) -> Path:
    """Where the index of a folder lies: named by a hash, because a path is too long and too telling for a file name."""
    name = hashlib.blake2b(str(root).encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()
    return cache_dir / f"{name}.index"


def pause_after(num_crashes: int) -> float:
    """Seconds to wait before another start, after that many crashes in a row."""
    return min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2.0 ** min(num_crashes - 1, 16)) if num_crashes else 0.0


def default_processes() -> int:
    """How many processes parse beside the one that writes: more than two would take more memory than they save time."""
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    return MOST_PROCESSES if cores >= MOST_PROCESSES else 0


class WorkspaceIndex:
    """Builds and answers for the folder `root`, its file in `cache_dir`. For one event loop; `index` for any thread.

    `exclude` are the user's globs, `processes` how many extra processes parse many files, by default two where there
    are two cores. `on_event` gets each event of the worker (see worker.py) in the loop. `sleep` waits between a crash
    and the next start; `command` is what is started.
    """

    def __init__(
        self,
        root: Path,
        cache_dir: Path,
        exclude: Sequence[str] = (),
        on_event: Callable[[Event], None] = lambda event: None,
        *,
        processes: int | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        command: Sequence[str] = _COMMAND,
    ) -> None:
        self.root = root
        self.path = index_path(cache_dir, root)
        self.index = Reader(self.path)
        self._exclude = list(exclude)
        self._on_event = on_event
        self._processes = default_processes() if processes is None else processes
        self._sleep = sleep
        self._command = tuple(command)
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._closing = self._pausing = self._is_busy = False
        self._num_crashes = 0
        self._state: State = "off"
        self._progress = (0, 0)
        self._rss_bytes = 0
        self._last_error = ""
        self._last_report: Event = {}

    async def start(self) -> None:
        """Begin to build. The first answers come from what an earlier server has left."""
        if self._keeper is None and not self._closing:
            self._state = "starting"
            self._keeper = asyncio.create_task(self._keep(), name="index")

    def update(self, paths: Iterable[str]) -> None:
        """Say that files were saved, changed, made or deleted; relative to `root`, with slashes. Waits for nothing."""
        # After a crash everything is looked through anyway: nothing needs to be kept for a process that is not there.
        if self.index.trouble and self._state == "ready":
            self._tell({"do": "build"})
        self._tell({"do": "update", "paths": list(paths)})

    def exclude(self, globs: Sequence[str]) -> None:
        """Take other globs of the user from now on."""
        self._exclude = list(globs)
        self._tell({"do": "exclude", "globs": self._exclude})

    def rest(self, seconds: float) -> None:
        """Let the building stand still so long from now on, 0 to go on at once; see `Rest`. Waits for nothing."""
        if self._is_busy:  # one that has nothing to do need not be woken at every key
            self._tell({"do": "rest", "seconds": seconds})

    def state(self) -> dict[str, object]:
        """What `status` and `doctor` tell. Asks the index: some milliseconds."""
        done, total = self._progress
        return {
            "state": self._state,
            **self.index.counts(),
            "whole": self.index.is_whole(),
            "disk_bytes": size_bytes(self.path),
            "worker_rss_bytes": self._rss_bytes,
            "done": done,
            "total": total,
            "skipped": [{"path": path, "reason": reason} for path, reason in self.index.skipped()],
            "last_error": self._last_error or self.index.trouble,
            "last_report": self._last_report,
            "crashes": self._num_crashes,
        }

    @property
    def worker_pid(self) -> int | None:
        """The process that builds; None while there is none."""
        return self._process.pid if self._process is not None else None

    async def close(self) -> None:
        """End the process and stop answering. What is written stays for the next server."""
        self._closing = True
        if (keeper := self._keeper) is not None:
            if self._pausing:
                keeper.cancel()
            self._end_input()
            try:
                # Not the process alone: its output has to be read to the end, or its pipe outlives the loop.
                await asyncio.wait((keeper,), timeout=CLOSE_SECONDS)
            finally:
                await self._give_up(keeper)
        self._state = "off"
        self.index.close()

    def _end_input(self) -> None:
        """Ask the process to end; one that is being started hears it as soon as it is there."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()

    async def _give_up(self, keeper: asyncio.Task[None]) -> None:
        """End what has not ended by itself: a process that hangs, or one whose output something else holds open."""
        if self._process is not None:
            # Kills it if it lives. asyncio has no public way to let go of the pipes of a process.
            self._process._transport.close()  # type: ignore[attr-defined]
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), CLOSE_SECONDS)
        keeper.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await keeper

    async def _keep(self) -> None:
        while not self._closing:
            try:
                await self._run_once()
            except OSError as error:
                self._last_error = f"the index process cannot be started: {error.strerror}"
            if self._closing:
                return
            self._num_crashes += 1
            self._state = "failed"
            logger.warning("%s (%d in a row)", self._last_error, self._num_crashes)
            self._on_event({"event": "crashed", "reason": self._last_error})
            self._pausing = True
            await self._sleep(pause_after(self._num_crashes))
            self._pausing = False

    async def _run_once(self) -> None:
        """Start a process and follow it to its end."""
        process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            limit=_LINE_BYTES,
            creationflags=_creation_flags(),
        )
        self._process = process
        assert process.stdout is not None
        # It may have died of a file: then that file is given to a process of its own, and only that one dies again.
        processes = max(self._processes, 1 if self._num_crashes else 0)
        self._tell(
            {
                "do": "open",
                "root": str(self.root),
                "index": str(self.path),
                "exclude": self._exclude,
                "processes": processes,
                "careful": self._num_crashes > 0,
            }
        )
        self._tell({"do": "build"})
        if self._closing:
            self._end_input()
        try:
            while line := await process.stdout.readline():
                self._take(line)
        except ValueError:
            process.kill()  # a line without end: this is not what we started
        finally:
            # Cancelled while it runs: the caller has ended it, or does now.
            if process.stdin is not None:
                process.stdin.close()
        code = await process.wait()
        self._process, self._rss_bytes = None, 0
        self._last_error = self._last_error if self._state == "failed" else f"the index process ended with {code}"

    def _take(self, line: bytes) -> None:
        try:
            event = json.loads(line)
            what = event["event"]
        except (ValueError, KeyError, TypeError):
            return
        self._rss_bytes = event.get("rss_bytes", self._rss_bytes)
        self._is_busy = what not in ("ready", "updated", "failed")
        if what == "progress":
            self._progress = event["done"], event["total"]
        elif what in ("ready", "updated"):
            self._state, self._last_error, self._num_crashes = "ready", "", 0
            self._last_report = event
        elif what == "failed":
            self._state, self._last_error = "failed", event["reason"]
            logger.warning("%s", self._last_error)
        elif what in ("waiting", "building"):
            self._state = what
        self._on_event(event)

    def _tell(self, command: dict[str, object]) -> None:
        process = self._process
        if process is None or process.stdin is None or process.stdin.is_closing():
            return
        self._is_busy = True
        # Commands are short and the process always reads, so there is no need to wait for the pipe.
        process.stdin.write(json.dumps(command).encode("ascii") + b"\n")


def _creation_flags() -> int:
    if sys.platform == "win32":
        return subprocess.BELOW_NORMAL_PRIORITY_CLASS
    return 0  # elsewhere the process lowers its priority itself
