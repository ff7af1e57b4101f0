"""How long to leave a failing model process alone: 0, 0.5, 1, 2 ... 30 seconds after each failure in a row.

Decides by a clock it is given; starts nothing and waits for nothing.
"""

from __future__ import annotations

from collections.abc import Callable

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0


class Backoff:
    """Counts failures since the last success. `clock` gives seconds and never goes back."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._num_failures = 0
        self._not_before = 0.0
        self._reason = ""

    @property
    def trouble(self) -> str:
        """The last failure; empty when there was a success since."""
        return self._reason if self._num_failures else ""

    def failed(self, reason: str) -> None:
        """Note a failure; the first in a row allows the next start at once."""
        self._num_failures += 1
        self._reason = reason
        self._not_before = self._clock() + pause_after(self._num_failures)

    def succeeded(self) -> None:
        """Note that the process did its work: the next failure is the first again."""
        self._num_failures = 0

    def may_start(self) -> bool:
        """Whether a start may be tried now."""
        return self._num_failures == 0 or self._clock() >= self._not_before

    def explain(self) -> str:
        """Why no start may be tried now, for the user."""
        left = max(0.0, self._not_before - self._clock())
        return f"{self._reason} (trying again in {left:.1f} s, after {self._num_failures} failures)"


def pause_after(num_failures: int) -> float:
    """Seconds to wait after that many failures in a row."""
    if num_failures <= 1:
        return 0.0
    doublings = min(num_failures - 2, 16)  # 0.5 * 2**16 is far over the limit, and ints stay small
    return min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2.0**doublings)
