"""What a process that nobody uses gives back: first its cache, after a longer while without clients its life.

Decides by timers it is given; knows neither cache nor clients.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class Timer(Protocol):
    """A call that lies ahead."""

    def cancel(self) -> None:
        """Have it not made."""


CallLater = Callable[[float, Callable[[], None]], Timer]
"""Makes a call after so many seconds, as an event loop's `call_later` does."""


class Idleness:
    """Calls `drop` once `cache_seconds` after the last work, `end` once `end_seconds` after the last client went."""

    def __init__(
        self,
        call_later: CallLater,
        cache_seconds: float,
        drop: Callable[[], None],
        end_seconds: float,
        end: Callable[[], None],
    ) -> None:
        self._call_later = call_later
        self._cache_seconds, self._drop = cache_seconds, drop
        self._end_seconds, self._end = end_seconds, end
        self._worked = False
        self._dropping: Timer | None = None
        self._ending: Timer | None = None

    def note(self, num_clients: int, num_jobs: int) -> None:
        """Say how many clients and unanswered completions there are; call it whenever either changes."""
        if num_jobs:
            self._worked = True
            if self._dropping is not None:
                self._dropping.cancel()
                self._dropping = None
        elif self._worked and self._dropping is None:
            self._dropping = self._call_later(self._cache_seconds, self._drop_now)
        if num_clients:
            if self._ending is not None:
                self._ending.cancel()
                self._ending = None
        elif self._ending is None:
            self._ending = self._call_later(self._end_seconds, self._end)

    def _drop_now(self) -> None:
        self._worked, self._dropping = False, None
        self._drop()
