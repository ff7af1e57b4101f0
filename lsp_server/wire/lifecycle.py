"""When the server ends and with which exit code: the client's exit, a closed input, a dead parent, a signal.

Decides the moment only; what is to be put away first is the server's business.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable

_log = logging.getLogger(__name__)
PARENT_INTERVAL = 3.0


class Lifecycle:
    """One end: the first reason given counts, later ones change nothing."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self._code = 0
        self.reason = ""

    def end(self, code: int, reason: str) -> None:
        """End with the exit code `code`."""
        if not self._event.is_set():
            self._code = code
            self.reason = reason
            self._event.set()

    async def ended(self) -> int:
        """Wait for the end; the exit code."""
        await self._event.wait()
        return self._code


def is_alive(pid: int) -> bool:
    """Whether a process of that id exists, ours or not."""
    if pid <= 0:
        return False
    if sys.platform == "win32":
        return _is_alive_windows(pid)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError) as error:
        return isinstance(error, PermissionError)
    return True


def _is_alive_windows(pid: int) -> bool:
    # os.kill(pid, 0) would end the process there.
    import ctypes

    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009 -- a name that only exists on Windows
    synchronize, timed_out = 0x00100000, 0x102
    handle = kernel.OpenProcess(synchronize, False, pid)
    if not handle:
        return False
    try:
        return bool(kernel.WaitForSingleObject(handle, 0) == timed_out)
    finally:
        kernel.CloseHandle(handle)


async def parent_gone(
    pid: int,
    alive: Callable[[int], bool] = is_alive,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Return when the process `pid` is gone, looked at every PARENT_INTERVAL seconds."""
    while alive(pid):
        await sleep(PARENT_INTERVAL)


def on_signals(stop: Callable[[str], None]) -> None:
    """Call `stop` with the signal's name at SIGTERM and SIGINT, where the running loop can."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        # Loops on Windows, and loops outside the main thread, cannot: the default action stays.
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
            loop.add_signal_handler(number, stop, signal.Signals(number).name)
