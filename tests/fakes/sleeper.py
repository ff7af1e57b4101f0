"""Time that passes when a test says so: a `sleep` whose sleepers wait until `pass_time`."""

from __future__ import annotations

import asyncio


class Sleeper:
    """`now` is in seconds since the start."""

    def __init__(self) -> None:
        self.now = 0.0
        self._alarms: list[tuple[float, asyncio.Event]] = []

    async def sleep(self, seconds: float) -> None:
        """Wait until that many seconds have been let pass."""
        alarm = asyncio.Event()
        entry = (self.now + seconds, alarm)
        self._alarms.append(entry)
        try:
            await alarm.wait()
        finally:
            self._alarms.remove(entry)

    @property
    def waiting(self) -> int:
        """How many sleep."""
        return len(self._alarms)

    async def pass_time(self, seconds: float) -> None:
        """Let time pass and everything run that it wakes, until all sleep again or wait for something else."""
        end = self.now + seconds
        await settled()
        while due := [at for at, _ in self._alarms if at <= end + 1e-9]:
            self.now = min(due)
            for at, alarm in self._alarms:
                if at <= self.now:
                    alarm.set()
            await settled()
        self.now = end


async def settled(turns: int = 20) -> None:
    """Let the loop run what is ready; `turns` is more than any chain of awaits under test has links."""
    for _ in range(turns):
        await asyncio.sleep(0)
