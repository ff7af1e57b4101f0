"""Starts the model process: own session, no terminal, standard error to a log file; waits until it listens.

The process says on its standard output, once, that it listens, that another one does, or why it cannot.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from mellum_ls.runtime.errors import RuntimeUnavailable

MAX_LOG_BYTES = 1024 * 1024
NUM_LOG_LINES = 6

logger = logging.getLogger(__name__)


async def spawn(command: Sequence[str], log_file: Path, seconds: float) -> None:
    """Start `command` and return when it, or another process in its stead, listens.

    Raises RuntimeUnavailable with the last lines of the log when it ends first, or is killed after `seconds`.
    A cancelled caller leaves the process to live its life.
    """
    loop = asyncio.get_running_loop()
    log_start = _open_log(log_file)
    process = _popen(command, log_file)
    report: asyncio.Future[bytes] = loop.create_future()
    # A thread of ours, not the loop's pool: it also reaps the process, which may outlive the loop.
    threading.Thread(target=_watch, args=(process, loop, report), name="runtime-start", daemon=True).start()
    try:
        async with asyncio.timeout(seconds):
            line = await report
    except TimeoutError:
        process.kill()
        said = _tail(log_file, log_start)
        raise RuntimeUnavailable(f"the model process did not start within {seconds:g} s; {said}") from None
    state, message = _parse_report(line)
    if state not in ("ready", "taken"):
        raise RuntimeUnavailable(f"the model process did not start: {message or _tail(log_file, log_start)}")
    logger.info("model process: %s (pid %d)", state, process.pid)


def _popen(command: Sequence[str], log_file: Path) -> subprocess.Popen[bytes]:
    with open(os.open(log_file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab") as log:
        try:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=log_file.parent,  # holds no folder of the user's open
                start_new_session=True,
                creationflags=_creation_flags(),
            )
        except OSError as error:
            raise RuntimeUnavailable(f"cannot run {command[0]}: {error.strerror}") from error


def _creation_flags() -> int:
    if sys.platform == "win32":
        return subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP
    return 0


def _watch(process: subprocess.Popen[bytes], loop: asyncio.AbstractEventLoop, report: asyncio.Future[bytes]) -> None:
    assert process.stdout is not None, f"process {process.pid} was started without a pipe"
    with process.stdout as pipe:
        line = pipe.readline()

    def tell() -> None:
        if not report.done():
            report.set_result(line)

    try:
        loop.call_soon_threadsafe(tell)
    except RuntimeError:
        logger.debug("nobody waits for the model process any more")
    process.wait()


def _parse_report(line: bytes) -> tuple[str, str]:
    try:
        entry = json.loads(line)
        return str(entry["state"]), str(entry.get("message", ""))
    except (ValueError, KeyError, TypeError, AttributeError):
        return "", ""


def _open_log(log_file: Path) -> int:
    """Make the log's folder, put an old large log aside, and give the size from which new lines count."""
    try:
        log_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        size = log_file.stat().st_size if log_file.exists() else 0
        if size > MAX_LOG_BYTES:
            log_file.replace(log_file.with_suffix(".old.log"))
            size = 0
    except OSError as error:
        raise RuntimeUnavailable(f"cannot write the log {log_file}: {error.strerror}") from error
    return size


def _tail(log_file: Path, start: int) -> str:
    with log_file.open("rb") as file:
        file.seek(start)
        lines = file.read().decode("utf-8", "replace").split("\n")
    said = [line for line in lines if line.strip()][-NUM_LOG_LINES:]
    return f"its log {log_file} ends:\n" + "\n".join(said) if said else f"its log {log_file} is empty"
