"""What the building of an index does to a typist: the time from a key to its answer with and without it, in one run.

Run it with `python -m tests.e2e.measure_indexing FOLDER [ROUNDS [MILLISECONDS]]`, FOLDER being a tree of sources that
takes longer to index than a round. One language server does both, as in an editor: rounds in which FOLDER is added to
its workspace and rounds without it take turns, so that whatever else the machine does falls on both alike. Half of the
keys follow the last one within so many milliseconds, a sixth after more than twice as many (at once where its answer
has taken longer). Its figures depend on the machine and gate nothing.
"""

from __future__ import annotations

import asyncio
import math
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from random import Random
from typing import Any

from mellum_ls.runtime.bench.measure import percentile
from mellum_ls.runtime.client import launch
from mellum_ls.runtime.client.launch import RuntimeOptions
from mellum_ls.runtime.environment import read_environment
from tests.e2e.measure_typing import TEXT, URI, asked
from tests.fakes.lsp_client import SERVE, LspClient, isolated_environment, server_process

ROUNDS = 6
KEYS = 30
KEY_MS = 200.0
"""The median of sixty words a minute."""
SPREAD = 0.7
"""Of the logarithm of the time between two keys, which is about normal."""
LOOK_SECONDS = 0.1
LETTERS = "abcdefghijklmnopqrstuvwxyz_"


class Building:
    """The index of the folder `root` as the server builds it; its file in `cache`."""

    def __init__(self, client: LspClient, root: Path, cache: Path) -> None:
        self._client, self._cache = client, cache
        self._folder = {"uri": root.as_uri(), "name": root.name}
        first = next(path for path in sorted(root.rglob("*.py")) if path.stat().st_size < 100_000)
        self._document, self._text = first.as_uri(), first.read_text("utf-8", "replace")

    async def start(self) -> None:
        """Add the folder with nothing known of it, and wait until its files are being parsed."""
        shutil.rmtree(self._cache, ignore_errors=True)
        self._change(added=[self._folder])
        self._client.open(self._document, self._text)
        while not await self.files():
            await asyncio.sleep(LOOK_SECONDS)

    async def stop(self) -> None:
        """Take the folder out again, and wait until its processes are gone."""
        self._client.notify("textDocument/didClose", {"textDocument": {"uri": self._document}})
        self._change(removed=[self._folder])
        while await self._report() or _builders(self._client.process.pid):
            await asyncio.sleep(LOOK_SECONDS)

    async def files(self) -> int:
        """How many files are in it."""
        report = await self._report()
        return int(report[0]["done"]) if report else 0

    async def is_over(self) -> bool:
        """Whether it was done before the round was."""
        report = await self._report()
        return bool(report) and report[0]["state"] == "ready"

    async def _report(self) -> list[dict[str, Any]]:
        return list((await self._client.request("mellum/status"))["result"]["repository"])

    def _change(self, **folders: list[dict[str, str]]) -> None:
        event = {"added": [], "removed": [], **folders}
        self._client.notify("workspace/didChangeWorkspaceFolders", {"event": event})


def _builders(pid: int) -> list[str]:
    """The processes that build an index for a language server, where the system is Linux."""
    children = (task.read_text("ascii").split() for task in Path(f"/proc/{pid}/task").glob("*/children"))
    return [child for child in chain(*children) if b"index.worker" in Path(f"/proc/{child}/cmdline").read_bytes()]


async def typed(client: LspClient, number: int, key_ms: float) -> list[float]:
    """Type a name that no answer foresees, so that each key costs a run of the model; the milliseconds of each."""
    text = TEXT + f"# {number}\n        "  # the same with and without an index: so are its answers
    client.notify("textDocument/didClose", {"textDocument": {"uri": URI}})
    client.open(URI, text)
    line, found, chance = text.count("\n"), [], Random(number)
    for place in range(KEYS):
        pressed = time.perf_counter()
        client.change(URI, place + 2, line, 8 + place, chance.choice(LETTERS))
        found.append((await asked(client, line, 9 + place))[1])
        pause = key_ms / 1000 * math.exp(chance.gauss(0.0, SPREAD))
        await asyncio.sleep(pause - (time.perf_counter() - pressed))
    return found


async def measure(environment: Mapping[str, str], root: Path, rounds: int, key_ms: float) -> dict[str, Any]:
    """All figures; times in milliseconds."""
    times: dict[bool, list[float]] = {False: [], True: []}
    parsed, over = [], 0
    async with server_process(SERVE, environment) as client:
        capabilities = {"workspace": {"workspaceFolders": True}}
        await client.initialize(
            workspaceFolders=[{"uri": "file:///project", "name": "project"}], capabilities=capabilities
        )
        client.open(URI, TEXT)
        await typed(client, -1, key_ms)
        building = Building(client, root, Path(environment["MELLUM_CACHE_DIR"]) / "index")
        for number in range(2 * rounds):
            # Neither kind always comes second.
            with_index = number % 4 in (1, 2)
            if with_index:
                await building.start()
                before = await building.files()
            times[with_index] += await typed(client, number // 2, key_ms)
            if with_index:
                parsed.append(await building.files() - before)
                over += await building.is_over()
                await building.stop()
        await client.shut_down()
    figures: dict[str, Any] = {"keys_each": len(times[True]), "files_parsed_meanwhile": parsed, "builds_over": over}
    for percent in (50, 95):
        without, during = (percentile(times[kind], percent) or 0.0 for kind in (False, True))
        figures[f"p{percent}_ms"] = {"without": round(without, 2), "while_indexing": round(during, 2)}
        figures[f"p{percent}_ratio"] = round(during / without, 3)
    return figures


def main() -> None:
    """Print the figures; the model process is this command's own and ends with it."""
    root = Path(sys.argv[1]).resolve()
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else ROUNDS
    key_ms = float(sys.argv[3]) if len(sys.argv) > 3 else KEY_MS
    with tempfile.TemporaryDirectory(prefix="mls-") as folder:
        environment = isolated_environment(Path(folder))
        try:
            found = asyncio.run(measure(environment, root, rounds, key_ms))
        finally:
            launch.stop(RuntimeOptions.of(read_environment(environment)))
    for name, value in found.items():
        sys.stdout.write(f"{name}: {value}\n")


if __name__ == "__main__":
    main()
