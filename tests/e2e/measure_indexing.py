"""What the building of an index does to a typist: the time from a key to its answer with and without it, in one run.

Run it with `python -m tests.e2e.measure_indexing FOLDER [ROUNDS]`, FOLDER being a tree of sources that takes longer to
index than a round. Rounds with an index being built and rounds without take turns, so that whatever else the machine
does falls on both alike. Its figures depend on the machine and gate nothing.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mellum_ls.context.index.workspace_index import Event, WorkspaceIndex
from mellum_ls.runtime.bench.measure import percentile
from mellum_ls.runtime.client import launch
from mellum_ls.runtime.client.launch import RuntimeOptions
from mellum_ls.runtime.environment import read_environment
from tests.e2e.measure_typing import TEXT, URI, asked
from tests.fakes.lsp_client import SERVE, LspClient, isolated_environment, server_process

ROUNDS = 10
KEYS = 12
TYPED = "area_of_it("


class Building:
    """The real process that builds an index of `root`, from nothing each time; started and ended at will."""

    def __init__(self, root: Path, cache: Path) -> None:
        self._root, self._cache = root, cache
        self._index: WorkspaceIndex | None = None
        self._begun = asyncio.Event()
        self.files, self.cpu_seconds, self.is_over = 0, 0.0, False

    def _take(self, event: Event) -> None:
        if event["event"] == "progress":
            self._begun.set()
            self.files = event["done"]
        self.is_over = self.is_over or event["event"] in ("ready", "failed", "crashed")
        if self.is_over:
            self._begun.set()

    async def start(self) -> None:
        """Start it, and wait until it has looked at the folder and begins to parse."""
        shutil.rmtree(self._cache, ignore_errors=True)
        self._index = WorkspaceIndex(self._root, self._cache, on_event=self._take)
        await self._index.start()
        await self._begun.wait()

    async def stop(self) -> None:
        """End it, however far it is."""
        if self._index is not None:
            await self._index.close()


async def typed(client: LspClient, number: int) -> list[float]:
    """Type a text that no answer foresees, so that each key costs a run of the model; the milliseconds of each."""
    text = TEXT + f"# {number}\n        "
    client.notify("textDocument/didClose", {"textDocument": {"uri": URI}})
    client.open(URI, text)
    line, found = text.count("\n"), []
    for place in range(KEYS):
        client.change(URI, place + 2, line, 8 + place, TYPED[place % len(TYPED)])
        found.append((await asked(client, line, 9 + place))[1])
    return found


async def measure(environment: Mapping[str, str], root: Path, cache: Path, rounds: int) -> dict[str, Any]:
    """All figures; times in milliseconds."""
    times: dict[bool, list[float]] = {False: [], True: []}
    progress, over = [], 0
    async with server_process(SERVE, environment) as client:
        # The index of the server itself is off: the one that is measured begins and ends with the rounds.
        await client.initialize({"context": False}, rootUri="file:///project")
        client.open(URI, TEXT)
        await typed(client, -1)
        for number in range(2 * rounds):
            # Neither kind always comes second.
            with_index = number % 4 in (1, 2)
            building = Building(root, cache)
            if with_index:
                await building.start()
            times[with_index] += await typed(client, number)
            if with_index:
                progress.append(building.files)
                over += building.is_over
            await building.stop()
        await client.shut_down()
    figures: dict[str, Any] = {"keys_each": len(times[True]), "files_parsed_meanwhile": progress, "builds_over": over}
    for percent in (50, 95):
        without, during = (percentile(times[kind], percent) or 0.0 for kind in (False, True))
        figures[f"p{percent}_ms"] = {"without": round(without, 2), "while_indexing": round(during, 2)}
        figures[f"p{percent}_ratio"] = round(during / without, 3)
    return figures


def main() -> None:
    """Print the figures; the model process is this command's own and ends with it."""
    root = Path(sys.argv[1]).resolve()
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else ROUNDS
    with tempfile.TemporaryDirectory(prefix="mls-") as folder:
        environment = isolated_environment(Path(folder), MELLUM_THREADS="1")
        try:
            found = asyncio.run(measure(environment, root, Path(folder) / "index", rounds))
        finally:
            launch.stop(RuntimeOptions.of(read_environment(environment)))
    for name, value in found.items():
        sys.stdout.write(f"{name}: {value}\n")


if __name__ == "__main__":
    main()
