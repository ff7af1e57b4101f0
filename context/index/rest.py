"""A rest that the processes of an index take while the model computes for somebody who waits.

They have the lowest priority, but caches and memory know none: two that parse make a model beside them take three times
as long for a key. So they stand still until the rest is over. It ends by itself, so that a process whose parent is gone
never waits for a word that cannot come.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import signal
import sys
import time
from collections.abc import Callable

LOOK_SECONDS = 0.005
"""How often a process that rests looks whether it is over, and one that computes whether one has begun."""


class Rest:
    """One rest for several processes: give it to those that are started, as an argument.

    No lock: one killed while it held that would stop all others. A float64 is written whole on every machine we have.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        # Processes of one machine share its clock.
        self._clock = clock
        self._over = multiprocessing.RawValue(ctypes.c_double, 0.0)

    def begin(self, seconds: float) -> None:
        """Rest from now on, for so many seconds; 0 ends it."""
        self._over.value = self._clock() + seconds

    def take(self, sleep: Callable[[float], object] = time.sleep) -> None:
        """Come back when no rest is to be taken."""
        while (left := self._over.value - self._clock()) > 0:
            sleep(min(left, LOOK_SECONDS))

    def take_anywhere(self) -> None:
        """Take every rest from now on, in the midst of whatever this process computes in Python; for its main thread.

        A file can take a tenth of a second, which is longer than a key. Does nothing on Windows, which has no such
        timers: there a rest begins where `take` is called.
        """
        if sys.platform != "win32":
            # Counts what this process computes: one that waits is not woken.
            signal.signal(signal.SIGPROF, lambda *_: self.take())
            signal.setitimer(signal.ITIMER_PROF, LOOK_SECONDS, LOOK_SECONDS)
