"""kill -9 of the model process at random moments under load: no request is lost, and it always comes back."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path

import pytest

from mellum_ls.runtime.client import launch
from mellum_ls.runtime.client.launch import RuntimeClient, RuntimeOptions
from mellum_ls.runtime.client.messages import Completed, CompletionRequest
from mellum_ls.runtime.environment import model_directory
from mellum_ls.runtime.errors import RuntimeUnavailable
from tests.fakes.engine import command
from tests.fakes.process_figures import processes_naming
from tests.runtime.measure_kills import Ask, check_gone, killed_windows, storm

NANO = model_directory(None)


@pytest.mark.skipif(not (NANO / "model.safetensors").exists(), reason="the embedded model has not been built")
def test_two_windows_get_all_their_answers(tmp_path: Path) -> None:
    result = killed_windows(tmp_path, NANO, num_kills=3, longest_pause=1.0)
    assert result.asked == result.answered
    assert len(set(result.pids)) >= 2
    assert result.suggested > 0


def test_twenty_kills_of_a_process_that_starts_quickly(tmp_path: Path) -> None:
    options = RuntimeOptions(
        runtime_dir=tmp_path / "run",
        cache_dir=tmp_path / "cache",
        model=str(tmp_path),
        service=command(),
        clock=itertools.count(0.0, 60.0).__next__,  # pauses after failures are over when they begin
    )

    def typing(client: RuntimeClient, session: str) -> Ask:
        async def ask() -> bool:
            try:
                *_, last = [item async for item in client.complete(CompletionRequest(session, "a"))]
            except RuntimeUnavailable:
                return False
            assert isinstance(last, Completed)
            return True

        return ask

    async def run() -> None:
        clients = [RuntimeClient(options) for _ in range(2)]
        asks = [typing(client, session) for client in clients for session in "st"]
        result = await storm(asks, lambda: processes_naming(str(options.address().socket_path)), 20, 0.3)
        assert result.asked == result.answered
        assert len(set(result.pids)) >= 15
        await asyncio.gather(*(client.close() for client in clients))

    try:
        asyncio.run(run())
    finally:
        launch.stop(options)
    check_gone(options)
