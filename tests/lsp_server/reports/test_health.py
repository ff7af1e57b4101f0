import asyncio
import logging

import pytest

from mellum_ls.lsp_server.model.backend import BackendStatus
from mellum_ls.lsp_server.reports.health import Health
from mellum_ls.lsp_server.reports.standing import Standing
from tests.fakes.backend import ScriptedBackend
from tests.fakes.sleeper import Sleeper, settled


def health_with_told() -> tuple[Health, Standing, list[tuple[str, int]]]:
    standing, told = Standing(), list[tuple[str, int]]()
    health = Health(standing, asyncio.sleep)
    health.tell = lambda message, level: told.append((message, level))
    return health, standing, told


def test_a_failure_is_told_once_and_so_is_its_end() -> None:
    health, standing, told = health_with_told()
    health.recovered()
    assert told == []
    for number in range(3):
        health.failed(f"gone (try {number})", cause="gone")
    assert (health.last_error, standing.status.kind, standing.status.message) == ("gone (try 2)", "Warning", "gone")
    health.failed("broken for good", passing=False)
    assert standing.status.kind == "Error"
    for _ in range(2):
        health.recovered()
    assert (health.last_error, standing.status.kind) == ("", "Normal")
    assert told == [
        ("no completions: gone (try 0)", logging.WARNING),
        ("no completions: broken for good", logging.WARNING),
        ("completions are back", logging.INFO),
    ]
    health.failed("gone (try 3)", cause="gone")
    assert len(told) == 4


class Loading(ScriptedBackend):
    """A backend that comes to `end` when it is told to."""

    def __init__(self, end: BackendStatus) -> None:
        super().__init__()
        self.now, self.end = BackendStatus("starting"), end

    async def status(self) -> BackendStatus:
        return self.now


@pytest.mark.parametrize(
    ("end", "kind", "message"),
    [
        (BackendStatus("ready"), "Normal", ""),
        (BackendStatus("failed", last_error="no config.json"), "Error", "no config.json"),
        (BackendStatus("stopped", last_error="it broke off"), "Warning", "it broke off"),
    ],
    ids=["ready", "failed", "stopped"],
)
def test_loading_is_told_and_what_it_comes_to(end: BackendStatus, kind: str, message: str) -> None:
    async def run() -> None:
        time, standing, backend = Sleeper(), Standing(), Loading(end)
        ready = asyncio.ensure_future(Health(standing, time.sleep).get_ready(backend))
        await settled()
        assert (backend.warmed, standing.status.busy) == (1, True)
        assert standing.status.message == "starting the model process"
        backend.now = end
        await time.pass_time(1)
        await ready
        assert (standing.status.busy, standing.status.kind, standing.status.message) == (False, kind, message)

    asyncio.run(run())


def test_a_load_that_nobody_watches_any_more_is_not_shown_as_going_on() -> None:
    async def run() -> None:
        time, standing = Sleeper(), Standing()
        ready = asyncio.ensure_future(Health(standing, time.sleep).get_ready(Loading(BackendStatus("ready"))))
        await settled()
        ready.cancel()
        await asyncio.wait((ready,))
        assert not standing.status.busy

    asyncio.run(run())
