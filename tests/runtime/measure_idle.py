"""What language server and model process cost while nobody types: processor time, wake-ups, memory.

Run it in the repository's root with `python -m tests.runtime.measure_idle [SECONDS]`; a short version of it is a test
in tests/e2e.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from mellum_ls.runtime.client import launch
from mellum_ls.runtime.environment import model_directory, read_environment
from tests.fakes.lsp_client import inline_params, isolated_environment, server_process
from tests.fakes.process_figures import Activity, activity, resident_mb

URI = "file:///project/a.py"


@dataclass(frozen=True)
class Idle:
    """One process over `seconds` of rest."""

    name: str
    seconds: float
    did: Activity
    resident_mb: float

    @property
    def cpu_percent(self) -> float:
        return 100 * self.did.cpu_seconds / self.seconds

    def __str__(self) -> str:
        spent = f"{self.did.cpu_seconds * 1e3:.2f} ms in {self.seconds:g} s, {self.did.wakeups} wake-ups"
        return f"{self.name:<16} {self.cpu_percent:.3f} % CPU ({spent}), {self.resident_mb:.0f} MB resident"


async def measure(folder: Path, model: Path, seconds: float, rounds: int = 1) -> list[list[Idle]]:
    """`rounds` times `seconds` of rest after one completion: each time the language server and the model process."""
    environment = isolated_environment(folder, MELLUM_MODEL=str(model), MELLUM_THREADS="1")
    async with server_process(env=environment) as client:
        await client.initialize({"maxTokens": 12}, rootUri="file:///project", processId=os.getpid())
        client.open(URI, "def add(left, right):\n    return left + ")
        await client.request("textDocument/inlineCompletion", inline_params(URI, 1, 18))
        status = (await client.request("mellum/status"))["result"]
        assert status["state"] == "ready", status["lastError"]
        pids = {"language server": client.process.pid, "model process": status["runtime"]["pid"]}
        assert all(activity(pid).cpu_seconds > 0 < activity(pid).wakeups for pid in pids.values())
        measured = []
        for _ in range(rounds):
            before = {name: activity(pid) for name, pid in pids.items()}
            await asyncio.sleep(seconds)
            did = {name: activity(pid).since(before[name]) for name, pid in pids.items()}
            measured.append([Idle(name, seconds, did[name], resident_mb(pid)) for name, pid in pids.items()])
        assert await client.shut_down() == 0
    return measured


def main(seconds: float) -> None:
    """Print the figures of the embedded model."""
    with tempfile.TemporaryDirectory() as name:
        folder, model = Path(name), model_directory(None)
        environment = isolated_environment(folder)
        try:
            [measured] = asyncio.run(measure(folder, model, seconds))
        finally:
            stop(environment, model)
    for process in measured:
        sys.stdout.write(f"{process}\n")


def stop(environment: dict[str, str], model: Path) -> None:
    """End the model process that `measure` has left."""
    launch.stop(launch.RuntimeOptions.of(read_environment(environment), str(model)))


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 30.0)
