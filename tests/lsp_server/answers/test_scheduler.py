import asyncio

import pytest

from mellum_ls.lsp_server.answers.scheduler import Scheduler


def test_the_newest_of_a_key_is_finished_and_the_older_gets_none() -> None:
    async def run() -> None:
        scheduler: Scheduler[str] = Scheduler()
        gate = asyncio.Event()

        async def work(name: str) -> str:
            await gate.wait()
            return name

        older = asyncio.ensure_future(scheduler.latest("a", work("older")))
        other = asyncio.ensure_future(scheduler.latest("b", work("other")))
        await asyncio.sleep(0)
        assert ("a" in scheduler, "b" in scheduler, "c" in scheduler) == (True, True, False)
        newer = asyncio.ensure_future(scheduler.latest("a", work("newer")))
        assert await older is None
        gate.set()
        assert await newer == "newer"
        assert await other == "other"
        assert len(scheduler) == 0
        assert "a" not in scheduler

    asyncio.run(run())


def test_cancelling_the_caller_cancels_the_work() -> None:
    async def run() -> None:
        scheduler: Scheduler[None] = Scheduler()
        started, cancelled = asyncio.Event(), asyncio.Event()

        async def work() -> None:
            started.set()
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.set()

        caller = asyncio.ensure_future(scheduler.latest("a", work()))
        await started.wait()
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller
        await asyncio.wait_for(cancelled.wait(), 5)
        assert len(scheduler) == 0

    asyncio.run(run())


def test_a_fault_of_the_work_is_the_callers() -> None:
    async def run() -> None:
        scheduler: Scheduler[None] = Scheduler()

        async def work() -> None:
            raise KeyError("k")

        with pytest.raises(KeyError):
            await scheduler.latest("a", work())
        assert len(scheduler) == 0

    asyncio.run(run())


def test_supersede_ends_what_runs_and_close_waits_for_it() -> None:
    async def run() -> None:
        scheduler: Scheduler[None] = Scheduler()
        started, cleaned = asyncio.Event(), []

        async def work() -> None:
            started.set()
            try:
                await asyncio.Event().wait()
            finally:
                await asyncio.sleep(0)
                cleaned.append(True)

        caller = asyncio.ensure_future(scheduler.latest("a", work()))
        await started.wait()
        assert not scheduler.supersede("b")
        await scheduler.close()
        assert cleaned == [True]
        assert await caller is None

    asyncio.run(run())
