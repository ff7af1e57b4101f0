"""Nobody types: neither process may take any processor time worth the name."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.fakes.checkpoints import write_checkpoint
from tests.fakes.lsp_client import isolated_environment
from tests.runtime.measure_idle import Idle, measure, stop

ROUNDS, SECONDS = 4, 1.0


def test_both_processes_sleep_while_nobody_types(tmp_path: Path) -> None:
    model = write_checkpoint(tmp_path / "model")
    try:
        rounds = asyncio.run(measure(tmp_path, model, SECONDS, ROUNDS))
    finally:
        stop(isolated_environment(tmp_path), model)
    # A round may still see the end of the work before it; whoever polls is awake in all of them.
    servers, runtimes = zip(*rounds, strict=True)
    assert min(map(wakeups, servers)) <= 1, f"it may look after its parent, no more: {servers}"
    assert min(map(wakeups, runtimes)) == 0, f"it waits for nothing but news: {runtimes}"
    assert min(process.cpu_percent for process in servers + runtimes) <= 0.5


def wakeups(process: Idle) -> int:
    return process.did.wakeups
