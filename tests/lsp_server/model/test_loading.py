import asyncio

from mellum_ls.lsp_server.model.backend import BackendStatus
from mellum_ls.lsp_server.model.loading import LOOK_SECONDS, getting_ready

CONNECTING = BackendStatus("starting")
LOADING = BackendStatus("starting", "m", details={})
READY = BackendStatus("ready", "m", details={})
FAILED = BackendStatus("failed", last_error="no config.json")


def steps(*statuses: BackendStatus) -> tuple[list[str | BackendStatus], list[float]]:
    coming, slept = list(statuses), []

    async def ask() -> BackendStatus:
        return coming.pop(0)

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    async def run() -> list[str | BackendStatus]:
        return [step async for step in getting_ready(ask, sleep)]

    return asyncio.run(run()), slept


def test_each_step_is_told_once_and_the_end_last() -> None:
    told, slept = steps(CONNECTING, CONNECTING, LOADING, LOADING, READY)
    assert told == ["starting the model process", "loading the model", READY]
    assert slept == [LOOK_SECONDS] * 4


def test_a_model_that_is_ready_or_has_failed_takes_no_time() -> None:
    assert steps(READY) == ([READY], [])
    assert steps(FAILED) == ([FAILED], [])
