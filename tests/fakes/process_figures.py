"""What the Linux kernel says of other processes: memory, time on a processor, and which there are (proc(5))."""

from __future__ import annotations

import contextlib
import os
import select
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True)
class Activity:
    """What all threads of a process have done so far."""

    cpu_seconds: float
    wakeups: int
    """How often one of them was put on a processor."""

    def since(self, earlier: Activity) -> Activity:
        return Activity(self.cpu_seconds - earlier.cpu_seconds, self.wakeups - earlier.wakeups)


def resident_mb(pid: int) -> float:
    """Resident memory in 10**6 bytes."""
    pages = int((PROC / str(pid) / "statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def activity(pid: int) -> Activity:
    """Of the threads that live: sums of the first and third field of schedstat, nanoseconds and time slices."""
    nanoseconds = slices = 0
    for task in (PROC / str(pid) / "task").iterdir():
        spent, _, count = (task / "schedstat").read_text().split()
        nanoseconds, slices = nanoseconds + int(spent), slices + int(count)
    return Activity(nanoseconds / 1e9, slices)


def processes_naming(text: str) -> set[int]:
    """The processes that have `text` in their command line; one that has ended and awaits its parent has none."""
    found = set()
    for entry in PROC.iterdir():
        try:
            if entry.name.isdigit() and text.encode() in (entry / "cmdline").read_bytes():
                found.add(int(entry.name))
        except OSError:
            continue  # it ended while we looked
    return found - {os.getpid()}


def wait_for_end(pid: int, seconds: float = 20.0) -> None:
    """Wait, in the kernel, for the end of a process that need not be a child."""
    with contextlib.suppress(ProcessLookupError):
        file = os.pidfd_open(pid)
        try:
            ended, _, _ = select.select([file], [], [], seconds)
        finally:
            os.close(file)
        assert ended, f"process {pid} is still there after {seconds:g} s"
