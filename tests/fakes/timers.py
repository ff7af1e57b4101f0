"""Timers that a test moves by hand, in place of an event loop's."""

from __future__ import annotations

from collections.abc import Callable


class HandTimer:
    def __init__(self, at: float, call: Callable[[], None]) -> None:
        self.at = at
        self.call = call
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class HandTimers:
    """`call_later` notes calls; `advance` makes those that are due, in their order."""

    def __init__(self) -> None:
        self.now = 0.0
        self._timers: list[HandTimer] = []

    def call_later(self, seconds: float, call: Callable[[], None]) -> HandTimer:
        timer = HandTimer(self.now + seconds, call)
        self._timers.append(timer)
        return timer

    def advance(self, seconds: float) -> None:
        self.now += seconds
        due = sorted((t for t in self._timers if t.at <= self.now and not t.cancelled), key=lambda t: t.at)
        self._timers = [t for t in self._timers if t.at > self.now and not t.cancelled]
        for timer in due:
            if not timer.cancelled:
                timer.call()
