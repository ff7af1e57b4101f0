import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from mellum_ls.lsp_server.answers.warming import Warming
from tests.fakes.sleeper import Sleeper, settled


class Steps:
    """Two steps, due after 1 and 5 seconds, which note when they ran. With `gate` they wait until it opens."""

    def __init__(self, time: Sleeper, name: str = "", gate: asyncio.Event | None = None) -> None:
        self._time, self._name, self._gate = time, name, gate
        self.done: list[tuple[str, float]] = []
        self.begun = 0
        self.cancelled = 0

    async def step(self) -> None:
        self.begun += 1
        try:
            if self._gate is not None:
                await self._gate.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        self.done.append((self._name, self._time.now))

    def due(self) -> list[tuple[float, Any]]:
        def step() -> Coroutine[Any, Any, None]:
            return self.step()

        return [(1.0, step), (5.0, step)]


def test_steps_run_when_their_time_has_come_and_only_once() -> None:
    async def run() -> None:
        time = Sleeper()
        warming, steps = Warming(time.sleep), Steps(time)
        warming.rest("a", steps.due())
        await time.pass_time(0.9)
        assert steps.begun == 0
        await time.pass_time(20)
        assert steps.done == [("", 1.0), ("", 5.0)]
        assert not warming.active
        assert time.waiting == 0

    asyncio.run(run())


def test_whatever_disturbs_begins_the_wait_anew() -> None:
    async def run() -> None:
        time = Sleeper()
        warming, steps = Warming(time.sleep), Steps(time)
        for _ in range(10):
            warming.rest("a", steps.due())
            await time.pass_time(0.9)
        assert steps.begun == 0
        await time.pass_time(1)
        assert len(steps.done) == 1
        warming.disturb()
        await time.pass_time(20)
        assert len(steps.done) == 1

    asyncio.run(run())


def test_a_step_that_runs_is_ended_by_what_disturbs_its_key_or_any() -> None:
    async def run() -> None:
        time = Sleeper()
        warming, steps = Warming(time.sleep), Steps(time, gate=asyncio.Event())
        warming.rest("a", steps.due())
        await time.pass_time(1)
        warming.disturb("b")
        await settled()
        assert (steps.begun, steps.cancelled, warming.active) == (1, 0, True)
        warming.disturb("a")
        await settled()
        assert (steps.cancelled, warming.active) == (1, False)
        warming.rest("a", steps.due())
        await time.pass_time(1)
        await warming.close()
        assert (steps.begun, steps.cancelled, time.waiting) == (2, 2, 0)

    asyncio.run(run())


def test_the_newest_rest_takes_the_place_of_any_other() -> None:
    async def run() -> None:
        time = Sleeper()
        warming, older, newer = Warming(time.sleep), Steps(time, "older"), Steps(time, "newer")
        warming.rest("a", older.due())
        warming.rest("b", newer.due())
        warming.disturb("a")
        await time.pass_time(1)
        assert (older.done, newer.done) == ([], [("newer", 1.0)])
        await warming.close()

    asyncio.run(run())


def test_a_fault_is_a_line_without_what_it_quotes(caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        async def step() -> None:
            raise ValueError("secret")

        time = Sleeper()
        warming = Warming(time.sleep)
        warming.rest("a", [(1.0, step)])
        await time.pass_time(1)
        assert not warming.active

    asyncio.run(run())
    assert caplog.messages == ["warming up failed: ValueError"]
