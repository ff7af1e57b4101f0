"""Whose is the engine's next step: the most urgent job's; among equals clients take turns, each with its newest.

Knows neither engine nor sockets; all of it may be called from any thread.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Literal, get_args

from mellum_ls.runtime.client.messages import Completed, ErrorCode, Priority, Request

CancelReason = Literal["cancelled", "superseded"]

PRIORITIES: tuple[Priority, ...] = get_args(Priority)


class Job:
    """One completion of one client. The engine's owner calls `on_text` any number of times, then one of the other two.

    Its queue alone sets `begun`, true from its first step on, and `cancel_reason`, None while nobody wants its end.
    """

    def __init__(
        self,
        client: int,
        request: Request,
        on_text: Callable[[str], None],
        on_end: Callable[[Completed], None],
        on_failure: Callable[[ErrorCode, str], None],
    ) -> None:
        self.client = client
        self.request = request
        self.on_text = on_text
        self.on_end = on_end
        self.on_failure = on_failure
        self.begun = False
        self.cancel_reason: CancelReason | None = None


class JobQueue:
    """Jobs from `put` to `remove`. A job stays in while it runs, so that a more urgent one can take the next step."""

    def __init__(self) -> None:
        self.num_preempted = 0
        """How often a job that had begun was put aside for a more urgent one."""
        self._changed = threading.Condition()
        # The client at the front has the next turn; its newest job stands last.
        self._lines: dict[Priority, OrderedDict[int, list[Job]]] = {name: OrderedDict() for name in PRIORITIES}
        self._cancelled: deque[Job] = deque()
        self._last: Job | None = None
        self._errand: Callable[[], None] | None = None
        self._closed = False

    def put(self, job: Job) -> None:
        """Add a job. An errand that was waiting for the queue to be empty is dropped."""
        with self._changed:
            self._lines[job.request.priority].setdefault(job.client, []).append(job)
            self._errand = None
            self._changed.notify()

    def next(self) -> Job | None:
        """The job whose turn it is, or one to be ended (its `cancel_reason` is set); waits for one. None: closed.

        Jobs to be ended come first, and again until they are removed. Makes the errand when there is no job at all.
        """
        while True:
            with self._changed:
                while (job := self._pick()) is None and self._errand is None and not self._closed:
                    self._changed.wait()
                if job is not None:
                    return job
                errand, self._errand = self._errand, None
            if errand is None:
                return None
            errand()

    def remove(self, job: Job) -> None:
        """Take a job out that is over. One that is out already stays out."""
        with self._changed:
            self._take_out(job)

    def withdraw(self, job: Job) -> bool:
        """Take a job out that has not begun; False, and nothing happens, when it has or is out already."""
        with self._changed:
            return not job.begun and self._take_out(job)

    def cancel(self, job: Job, reason: CancelReason) -> bool:
        """End a job: True when it had not begun and is out now, else `next` gives it before any further step.

        The first reason stands. Does nothing to a job that is out.
        """
        with self._changed:
            if job.cancel_reason is not None or not self._take_out(job):
                return False
            job.cancel_reason = reason
            if job.begun:
                self._cancelled.append(job)
                self._changed.notify()
            return not job.begun

    def when_empty(self, errand: Callable[[], None]) -> None:
        """Have `errand` called once in the thread that waits in `next`, unless a job comes first."""
        with self._changed:
            self._errand = errand
            self._changed.notify()

    def close(self) -> None:
        """Make `next` give None once no job is left."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def counts(self) -> tuple[int, dict[str, int]]:
        """The number of jobs that have begun, and by priority that of jobs that have not."""
        with self._changed:
            begun = len(self._cancelled)
            waiting: dict[str, int] = {}
            for priority, line in self._lines.items():
                jobs = [job for jobs in line.values() for job in jobs]
                waiting[priority] = sum(not job.begun for job in jobs)
                begun += len(jobs) - waiting[priority]
            return begun, waiting

    def _pick(self) -> Job | None:
        if self._cancelled:
            return self._cancelled[0]
        for priority, line in self._lines.items():
            if line:
                client = next(iter(line))
                line.move_to_end(client)
                job = line[client][-1]
                if self._last is not None and self._last.request.priority != priority:
                    self.num_preempted += 1  # a less urgent one would have had to wait for the last one
                self._last = job
                job.begun = True
                return job
        return None

    def _take_out(self, job: Job) -> bool:
        if self._last is job:
            self._last = None
        if job in self._cancelled:
            self._cancelled.remove(job)
            return True
        line = self._lines[job.request.priority]
        jobs = line.get(job.client, [])
        if job not in jobs:
            return False
        jobs.remove(job)
        if not jobs:
            del line[job.client]
        return True
