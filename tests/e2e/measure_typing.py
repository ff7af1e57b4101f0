"""What keys cost that go along with a suggestion, and a burst of keys that does not, with the real embedded model.

Run it with `python -m tests.e2e.measure_typing [ROUNDS]`: the time from a request to its answer as an editor sees it,
and the runs of the model that thirty keys in a second cost. Its figures depend on the machine and gate nothing.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mellum_ls.runtime.bench.measure import percentile
from mellum_ls.runtime.client import launch
from mellum_ls.runtime.client.launch import RuntimeOptions
from mellum_ls.runtime.environment import read_environment
from tests.fakes.lsp_client import SERVE, LspClient, inline_params, isolated_environment, server_process

ROUNDS = 20
KEYS, SECONDS = 30, 1.0
URI = "file:///project/shapes.py"
TEXT = """class Rectangle:
    def __init__(self, width: float, height: float) -> None:
        self.width = width
        self.height = height

    def area(self) -> float:
        return self.width * self.height

    def perimeter(self) -> float:
        """
BURST = "        value_of_something = nothing_wi"


async def asked(client: LspClient, line: int, character: int) -> tuple[str, float]:
    """The suggestion there, empty for none, and the milliseconds until it came."""
    params = inline_params(URI, line, character)
    params["context"] = {"triggerKind": 2}
    started = time.perf_counter()
    answer = await client.request("textDocument/inlineCompletion", params)
    items = answer["result"]["items"]
    return (items[0]["insertText"] if items else ""), (time.perf_counter() - started) * 1000


async def runs(client: LspClient) -> int:
    """How often the model was asked for an answer so far."""
    return int((await client.request("mellum/status"))["result"]["modelRuns"])


async def along(client: LspClient, number: int) -> list[float]:
    """Type along the first line of one suggestion; the milliseconds of each key."""
    uri_text = TEXT + f"# {number}\n        "
    client.notify("textDocument/didClose", {"textDocument": {"uri": URI}})
    client.open(URI, uri_text)
    line = uri_text.count("\n")
    text, _ = await asked(client, line, 8)
    found = []
    for place, character in enumerate(text.partition("\n")[0][:-1]):
        client.change(URI, place + 2, line, 8 + place, character)
        rest, milliseconds = await asked(client, line, 9 + place)
        assert text.startswith(text[: place + 1] + rest.partition("\n")[0])
        found.append(milliseconds)
    return found


async def burst(client: LspClient) -> int:
    """Type thirty keys in a second that no model foresees; how often it was asked."""
    client.notify("textDocument/didClose", {"textDocument": {"uri": URI}})
    client.open(URI, TEXT)
    line, before = TEXT.count("\n"), await runs(client)
    waiting = []
    for place, character in enumerate(BURST[8 : 8 + KEYS]):
        client.change(URI, place + 2, line, 8 + place, character)
        waiting.append(asyncio.ensure_future(asked(client, line, 9 + place)))
        await asyncio.sleep(SECONDS / KEYS)
    await asyncio.gather(*waiting)
    return await runs(client) - before


async def measure(environment: Mapping[str, str], rounds: int) -> dict[str, Any]:
    """All figures."""
    async with server_process(SERVE, environment) as client:
        await client.initialize({}, rootUri="file:///project")
        client.open(URI, TEXT)
        await asked(client, TEXT.count("\n"), 8)
        keys = [key for number in range(rounds) for key in await along(client, number)]
        bursts = [await burst(client) for _ in range(rounds)]
        await client.shut_down()
    return {
        "keys": len(keys),
        "key_ms": {f"p{percent}": round(percentile(keys, percent) or 0.0, 2) for percent in (50, 95, 100)},
        "runs_of_thirty_keys": bursts,
    }


def main() -> None:
    """Print the figures; the model process is this command's own and ends with it."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    with tempfile.TemporaryDirectory(prefix="mls-") as folder:
        environment = isolated_environment(Path(folder), MELLUM_THREADS="1")
        try:
            found = asyncio.run(measure(environment, rounds))
        finally:
            launch.stop(RuntimeOptions.of(read_environment(environment)))
    for name, value in found.items():
        sys.stdout.write(f"{name}: {value}\n")


if __name__ == "__main__":
    main()
