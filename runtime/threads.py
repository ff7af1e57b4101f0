"""How many cores this process has, and how many threads to compute on. Torch-free: the server's benchmark asks too."""

import os

MAX_THREADS = 8


def default_threads(cores: int | None = None) -> int:
    """Threads for computing on `cores` (None: those this process may use): all but one, between 1 and 8.

    Threads wait for each other at the end of every operation, so one that shares its core with the editor, a
    compiler or a test run holds all of them up. Measured with mellum2-nano on two cores behind 4,096 tokens: a second
    thread takes a token from 4.0 to 2.6 ms while the machine is idle, to 6.6 while one other process computes, and
    with two from 4 to 8 ms to 16. The upper bound is caution, not measured.
    """
    return max(1, min(MAX_THREADS, (cores or available_cores()) - 1))


def all_threads(cores: int | None = None) -> int:
    """Threads for passes over several tokens: one for each core, up to 8.

    Of eight tokens or more, whose operations are long. Measured as above: 24 tokens take 41 ms on one thread and 22 on
    two; while one other process computes 42 and 40 to 47, while two do 70 and 65. Of fewer only as long as the threads
    do not wait for each other (kernels/_cpu/waits.h). Behind 768 tokens two take 4.3 ms on one thread and 3.5 on two,
    four 6.9 and 4.2; while one other process computes, 4.3 and 6.4 in this way.
    """
    return min(MAX_THREADS, cores or available_cores())


def available_cores() -> int:
    """Cores this process may run on: its affinity may leave it fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
