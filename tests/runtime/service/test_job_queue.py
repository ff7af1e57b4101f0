from __future__ import annotations

import threading
from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from mellum_ls.runtime.client.messages import CompletionRequest, Priority
from mellum_ls.runtime.service.job_queue import PRIORITIES, Job, JobQueue


def never(*args: Any) -> None:
    raise AssertionError("the queue calls nobody")


def job(client: int = 1, priority: Priority = "inline", session: str = "s") -> Job:
    return Job(client, CompletionRequest(session, "a", priority=priority), never, never, never)


def filled(*jobs: Job) -> JobQueue:
    queue = JobQueue()
    for each in jobs:
        queue.put(each)
    return queue


def test_the_most_urgent_comes_first_and_the_put_aside_one_goes_on() -> None:
    slow = job(priority="warm_up")
    queue = filled(slow)
    assert queue.next() is slow
    assert queue.num_preempted == 0
    between = [job(priority=priority) for priority in ("action", "next_edit", "inline")]
    for urgent in between:
        queue.put(urgent)
        assert queue.next() is urgent
    assert queue.num_preempted == 3
    for urgent in reversed(between):
        assert queue.next() is urgent
        queue.remove(urgent)
    assert queue.next() is slow
    assert queue.num_preempted == 3


def test_clients_take_turns_step_by_step_each_with_its_newest() -> None:
    first, second = [job(1), job(1)], [job(2), job(2)]
    queue = filled(*first, *second)
    assert [queue.next() for _ in range(4)] == [first[1], second[1], first[1], second[1]]
    queue.remove(first[1])
    assert [queue.next() for _ in range(3)] == [first[0], second[1], first[0]]
    assert queue.num_preempted == 0


def test_a_cancelled_job_that_has_begun_comes_next_whatever_else_waits() -> None:
    begun = job(priority="warm_up")
    queue = filled(begun)
    assert queue.next() is begun
    urgent = job()
    queue.put(urgent)
    assert not queue.cancel(begun, "superseded")
    assert not queue.cancel(begun, "cancelled")
    assert begun.cancel_reason == "superseded"
    assert [queue.next(), queue.next()] == [begun, begun]
    queue.remove(begun)
    assert queue.next() is urgent
    assert queue.num_preempted == 0


def test_a_job_that_has_not_begun_leaves_at_once() -> None:
    waiting, gone = job(), job()
    queue = filled(waiting, gone)
    assert queue.cancel(gone, "cancelled")
    assert queue.counts() == (0, {"inline": 1, "next_edit": 0, "action": 0, "ahead": 0, "warm_up": 0})
    assert queue.withdraw(waiting)
    assert not queue.withdraw(waiting)
    assert waiting.cancel_reason is None
    assert queue.counts()[1]["inline"] == 0
    running = job()
    queue.put(running)
    assert queue.next() is running
    assert not queue.withdraw(running)
    assert queue.counts() == (1, {"inline": 0, "next_edit": 0, "action": 0, "ahead": 0, "warm_up": 0})
    queue.remove(running)
    assert not queue.cancel(running, "cancelled")
    assert running.cancel_reason is None
    assert queue.counts()[0] == 0


def test_the_errand_is_made_only_when_nothing_else_is_to_do() -> None:
    done: list[str] = []
    last = job()
    queue = filled(last)
    queue.when_empty(lambda: done.append("early"))
    assert queue.next() is last
    assert not done
    queue.put(job(2))  # a new job drops the errand
    queue.remove(last)
    second = queue.next()
    assert second is not None
    queue.remove(second)
    queue.close()
    assert queue.next() is None
    assert not done
    queue.when_empty(lambda: done.append("late"))
    assert queue.next() is None
    assert done == ["late"]


def test_the_waiting_thread_is_woken_by_each_kind_of_news() -> None:
    queue, steps = JobQueue(), list[Any]()
    seen = threading.Semaphore(0)

    def work() -> None:
        while (each := queue.next()) is not None:
            queue.remove(each)
            steps.append(each)
            seen.release()

    thread = threading.Thread(target=work)
    thread.start()
    first, errand = job(), threading.Event()
    queue.put(first)
    assert seen.acquire(timeout=10)
    queue.when_empty(errand.set)
    assert errand.wait(10)
    second = job()
    queue.put(second)
    assert seen.acquire(timeout=10)
    queue.close()
    thread.join(10)
    assert not thread.is_alive()
    assert steps == [first, second]


@given(st.lists(st.integers(min_value=1, max_value=5), min_size=2, max_size=12))
def test_nobody_starves(clients: list[int]) -> None:
    """However many jobs a client has, the steps are shared out evenly among those that want some."""
    queue = filled(*(job(client) for client in clients))
    rounds = 7
    turns = [each.client for _ in range(rounds * len(set(clients))) if (each := queue.next()) is not None]
    assert set(Counter(turns).values()) == {rounds}


class QueueMachine(RuleBasedStateMachine):
    """Any order of calls: what `next` gives is always what the rules say, and no job is lost or comes back."""

    def __init__(self) -> None:
        super().__init__()
        self.queue = JobQueue()
        self.inside: list[Job] = []
        self.ending: list[Job] = []
        self.passed: Counter[tuple[str, int, int]] = Counter()
        """By priority, how often the second client had a turn while the first waited, since the first had one."""

    @rule(client=st.integers(1, 4), priority=st.sampled_from(PRIORITIES))
    def put(self, client: int, priority: Priority) -> None:
        new = job(client, priority)
        if not any(each.client == client and each.request.priority == priority for each in self.inside):
            self._start_counting(priority, client)
        self.inside.append(new)
        self.queue.put(new)

    @precondition(lambda self: self.inside or self.ending)
    @rule(over=st.booleans())
    def next(self, over: bool) -> None:
        got = self.queue.next()
        assert got is not None
        if self.ending:
            assert got is self.ending[0]
            assert got.cancel_reason is not None
        else:
            self._check_choice(got)
        if over or self.ending:
            self.queue.remove(got)
            (self.ending if got in self.ending else self.inside).remove(got)

    def _check_choice(self, got: Job) -> None:
        rank = min(PRIORITIES.index(each.request.priority) for each in self.inside)
        urgent = [each for each in self.inside if PRIORITIES.index(each.request.priority) == rank]
        assert got is [each for each in urgent if each.client == got.client][-1]
        assert got.begun
        for other in {each.client for each in urgent} - {got.client}:
            key = (got.request.priority, other, got.client)
            self.passed[key] += 1
            assert self.passed[key] <= 1, f"client {got.client} had two turns before {other} had one"
        self._start_counting(got.request.priority, got.client)

    def _start_counting(self, priority: str, client: int) -> None:
        for key in [key for key in self.passed if key[:2] == (priority, client)]:
            del self.passed[key]

    @precondition(lambda self: self.inside)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        chosen = data.draw(st.sampled_from(self.inside))
        assert self.queue.cancel(chosen, "cancelled") is not chosen.begun
        self.inside.remove(chosen)
        if chosen.begun:
            self.ending.append(chosen)

    @precondition(lambda self: self.inside)
    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        chosen = data.draw(st.sampled_from(self.inside))
        assert self.queue.withdraw(chosen) is not chosen.begun
        if not chosen.begun:
            self.inside.remove(chosen)

    @invariant()
    def counts_are_right(self) -> None:
        begun, waiting = self.queue.counts()
        assert begun == sum(each.begun for each in self.inside) + len(self.ending)
        idle = Counter(each.request.priority for each in self.inside if not each.begun)
        assert waiting == {priority: idle[priority] for priority in PRIORITIES}


TestQueueMachine = QueueMachine.TestCase
