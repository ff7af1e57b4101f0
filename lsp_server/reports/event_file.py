"""A file of JSON lines that the user asked for: appended by a thread of its own, so that no disk delays an answer.

Knows nothing of what the lines say. A file that cannot be written costs one line in the log and those events.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import queue
import stat
import threading
from collections.abc import Mapping
from pathlib import Path

_log = logging.getLogger(__name__)

WAITING = 1000
"""So many lines may wait for a slow disk; what comes on top is lost."""
_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT
# A pipe without a reader must not hold the thread.
_NO_WAIT = getattr(os, "O_NONBLOCK", 0)
_Line = tuple[str, bytes]


class EventFile:
    """Lines for whichever file is named with each. The thread starts with the first line."""

    def __init__(self) -> None:
        self._lines: queue.Queue[_Line | None] = queue.Queue(WAITING)
        self._thread: threading.Thread | None = None
        self._ended = asyncio.Event()
        self._path = ""
        self._file: int | None = None
        self._failing = False
        self._broken_line = False

    def write(self, path: str, record: Mapping[str, object]) -> None:
        """Append `record` to the file `path` soon; an empty path drops it. Never raises, never waits."""
        if not path:
            return
        if self._thread is None:
            loop = asyncio.get_running_loop()
            arguments = (lambda: loop.call_soon_threadsafe(self._ended.set),)
            self._thread = threading.Thread(target=self._run, args=arguments, name="metrics", daemon=True)
            self._thread.start()
        try:
            self._lines.put_nowait((path, json.dumps(record).encode() + b"\n"))
        except queue.Full:
            _log.debug("a line for the metrics file is lost: the disk is too slow")

    async def close(self) -> None:
        """Wait until what was given is written, or has failed. Nothing may be written afterwards."""
        if self._thread is None:
            return
        while True:
            try:
                self._lines.put_nowait(None)
                break
            except queue.Full:
                await asyncio.sleep(0.01)
        await self._ended.wait()

    def _run(self, ended: object) -> None:
        while (line := self._lines.get()) is not None:
            self._append(*line)
        self._let_go()
        assert callable(ended)
        ended()

    def _append(self, path: str, line: bytes) -> None:
        if path != self._path:
            self._let_go()
            self._path, self._failing, self._broken_line = path, False, False
        try:
            if self._file is None:
                self._file = _open(path)
            data = b"\n" + line if self._broken_line else line
            written = os.write(self._file, data)
            if written < len(data):
                self._broken_line = True
                raise OSError("the line did not fit")
            self._broken_line = self._failing = False
        except OSError as error:
            # A disk is full for every line; once is news.
            if not self._failing:
                _log.warning("metrics are not written to %s: %s", path, error.strerror or error)
            self._failing = True
            self._let_go()

    def _let_go(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _open(path: str) -> int:
    """The file at `path`, readable by its owner only. Raises OSError."""
    place = Path(path).expanduser()
    if not place.is_absolute():
        raise OSError("the path is not absolute")
    number = os.open(place, _FLAGS | _NO_WAIT, 0o600)
    # Not a device: its mode belongs to the machine.
    if stat.S_ISREG(os.fstat(number).st_mode) and hasattr(os, "fchmod"):
        os.fchmod(number, 0o600)
    return number
