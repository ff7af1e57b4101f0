"""When to do what a cursor that rests gives time for: first soon, then once more when it rests for long.

Knows keys and steps, nothing of either's meaning. There is one cursor, so there is one thing to do at most.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

_log = logging.getLogger(__name__)

QUIET_SECONDS = 0.120
"""After so long without a key or a move a cursor is not on its way any more: longer than between keys in a burst."""
PAUSE_SECONDS = 2.0
"""After so long the user is not typing: the time to do what makes later work dearer if it is done too often."""

Step = Callable[[], Coroutine[Any, Any, None]]


class Warming:
    """Runs steps once nothing has disturbed them for their time. `sleep` takes seconds."""

    def __init__(self, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._sleep = sleep
        self._key = ""
        self._task: asyncio.Task[None] | None = None
        self._ending: set[asyncio.Task[None]] = set()

    @property
    def active(self) -> bool:
        """Whether a step runs or waits for its time."""
        return self._task is not None

    def rest(self, key: str, steps: Sequence[tuple[float, Step]]) -> None:
        """Run `steps`, each after so many seconds from now, in place of what is under way.

        A step that takes longer delays those after it.
        """
        self.disturb()
        task = asyncio.ensure_future(self._run(steps))
        self._key, self._task = key, task
        # The loop holds tasks weakly; one that still cleans up must not be lost.
        self._ending.add(task)
        task.add_done_callback(self._done)

    def disturb(self, key: str | None = None) -> None:
        """End what waits or runs for `key`, or for any key."""
        if self._task is not None and key in (None, self._key):
            self._task.cancel()
            self._task = None

    async def close(self) -> None:
        """End it and wait until it has let go of what it held."""
        self.disturb()
        if self._ending:
            await asyncio.wait(self._ending)

    async def _run(self, steps: Sequence[tuple[float, Step]]) -> None:
        waited = 0.0
        for seconds, step in steps:
            if seconds > waited:
                await self._sleep(seconds - waited)
                waited = seconds
            await step()

    def _done(self, task: asyncio.Task[None]) -> None:
        self._ending.discard(task)
        if task is self._task:
            self._task = None
        if not task.cancelled() and (fault := task.exception()) is not None:
            # The type alone: messages of exceptions can quote the user's text.
            _log.error("warming up failed: %s", type(fault).__name__)
