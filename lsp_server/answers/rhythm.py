"""How long to wait for the next key before the model is asked: as the typist types, and as fast as the model answers.

Knows times only. Between keys that follow one another faster than anybody reads, an answer would be thrown away.
"""

from __future__ import annotations

from collections.abc import Callable

_BURST_SECONDS = 0.100
"""Keys closer than this come in a burst, in which nobody looks at suggestions."""
_PAUSE_SECONDS = 1.0
"""A gap longer than this is a pause, and no part of the rhythm."""
_BEYOND = 1.5
"""A key is late, and the burst taken to be over, after so many times the usual gap."""
_NEWEST = 0.4
"""The weight of the newest time in the running means."""


class Rhythm:
    """The running mean of the gaps between keys and of the model's answering times. `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._last_key: float | None = None
        self._gap: float | None = None
        self._latency = 0.0

    def key(self) -> None:
        """The document has changed."""
        now = self._clock()
        if self._last_key is not None:
            gap = now - self._last_key
            if gap > _PAUSE_SECONDS:
                self._gap = None
            else:
                self._gap = gap if self._gap is None else self._gap + _NEWEST * (gap - self._gap)
        self._last_key = now

    def answered(self, seconds: float) -> None:
        """The model has taken so long for an answer, its queue included."""
        self._latency += _NEWEST * (seconds - self._latency)

    def wait(self, most: float) -> float:
        """Seconds to wait before the model is asked, at most `most`.

        None after a pause; none either while the model answers between two keys of somebody who does not type in a
        burst. Otherwise until the next key of this rhythm is late.
        """
        if self._gap is None or self._gap >= max(_BURST_SECONDS, self._latency):
            return 0.0
        return min(most, _BEYOND * self._gap)
