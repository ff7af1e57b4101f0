"""Which request of a document is worth finishing: the newest.

Knows keys and coroutines, nothing of either's meaning.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from typing import Any, Generic, TypeVar

Answer = TypeVar("Answer")


class Scheduler(Generic[Answer]):
    """Runs at most one piece of work per key; a newer one, or `supersede`, ends the older."""

    def __init__(self) -> None:
        self._running: dict[str, asyncio.Task[Answer]] = {}
        self._ending: set[asyncio.Task[Answer]] = set()

    def __len__(self) -> int:
        return len(self._running)

    def __iter__(self) -> Iterator[str]:
        """The keys that work is under way for."""
        return iter(self._running)

    def __contains__(self, key: str) -> bool:
        """Whether work of `key` is under way."""
        return key in self._running

    async def latest(self, key: str, work: Coroutine[Any, Any, Answer]) -> Answer | None:
        """The result of `work`, or None as soon as something newer takes its key.

        Whoever cancels the caller cancels the work; exceptions of the work are the caller's.
        """
        self.supersede(key)
        task = asyncio.ensure_future(work)
        self._running[key] = task
        try:
            await asyncio.wait((task,))
        except asyncio.CancelledError:
            self._end(task)
            raise
        finally:
            if self._running.get(key) is task:
                del self._running[key]
        return None if task.cancelled() else task.result()

    def supersede(self, key: str) -> bool:
        """End the work of `key`; its caller gets None. False when there was none."""
        task = self._running.pop(key, None)
        if task is None:
            return False
        self._end(task)
        return True

    async def close(self) -> None:
        """End all work and wait until it has let go of what it held."""
        for key in list(self._running):
            self.supersede(key)
        if self._ending:
            await asyncio.wait(self._ending)

    def _end(self, task: asyncio.Task[Answer]) -> None:
        # The loop holds tasks weakly; one that still cleans up must not be lost.
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)
        task.cancel()
