"""How many cores this process has, and how many threads to compute on. Torch-free: the server's benchmark asks too."""

import os

MAX_THREADS = 8


def default_threads(cores: int | None = None) -> int:
    """Threads for computing on `cores` (None: those this process may use): all but one, between 1 and 8.

    Threads wait for each other at the end of every operation, so one that shares its core with the editor, a
    compiler or a test run holds all of them up. Measured with mellum2-nano on two cores: a second thread gains
    nothing in decoding while the machine is idle, and while two other processes compute it writes 12 tokens a
    second instead of 45. The upper bound is caution, not measured.
    """
    return max(1, min(MAX_THREADS, (cores or available_cores()) - 1))


def available_cores() -> int:
    """Cores this process may run on: its affinity may leave it fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
