import asyncio
import os
import subprocess
import sys

from mellum_ls.lsp_server.wire.lifecycle import PARENT_INTERVAL, Lifecycle, is_alive, parent_gone


def test_the_first_end_counts() -> None:
    async def run() -> None:
        lifecycle = Lifecycle()
        lifecycle.end(1, "first")
        lifecycle.end(0, "second")
        assert await lifecycle.ended() == 1
        assert lifecycle.reason == "first"

    asyncio.run(run())


def test_processes_live_until_they_are_gone() -> None:
    assert is_alive(os.getpid())
    assert is_alive(1)
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    assert not is_alive(child.pid)
    for impossible in (0, -1, 1 << 80):
        assert not is_alive(impossible)


def test_the_parent_is_looked_at_every_interval_until_it_is_gone() -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    asyncio.run(parent_gone(7, alive=lambda _: len(slept) < 3, sleep=sleep))
    assert slept == [PARENT_INTERVAL] * 3
