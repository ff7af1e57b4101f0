"""What stays in a server when documents are opened, edited, completed in and closed again: nothing.

Run it with `python -m tests.e2e.measure_cycles [CYCLES]`; a short form of it is in test_cycles.py.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from tests.fakes.lsp_client import LspClient, Message, inline_params, isolated_environment, server_process
from tests.fakes.process_figures import resident_mb

SCRIPTED = Path(__file__).parent.parent / "fakes" / "scripted_server.py"
COMMAND = (sys.executable, "-P", str(SCRIPTED), "total = first(a)\nreturn total", "forget")
FULL, STEPS = 2_000, 20
LINES = 400
SETTLED = 0.25
"""The share of the series that is left out: what a process needs once it takes in its first cycles."""


@dataclass
class Cycles:
    """What came of one run."""

    suggestions: int = 0
    series: list[tuple[int, float]] = field(default_factory=list)
    """After so many cycles, the server's resident memory in 10**6 bytes."""
    status: Message = field(default_factory=dict)
    """mellum/status at the end."""
    text_bytes: int = 0
    """So much text was opened in all."""

    @property
    def growth_mb(self) -> float:
        """Median of the last quarter of the settled series over that of its first quarter, in 10**6 bytes."""
        settled = [memory for _, memory in self.series[int(len(self.series) * SETTLED) :]]
        quarter = max(1, len(settled) // 4)
        return statistics.median(settled[-quarter:]) - statistics.median(settled[:quarter])


async def cycle(folder: Path, count: int, steps: int = STEPS) -> Cycles:
    """Open, edit, complete and close `count` documents, none of them twice, and look at the memory `steps` times."""
    result = Cycles()
    async with server_process(COMMAND, isolated_environment(folder, MELLUM_LOG_LEVEL="ERROR")) as client:
        await client.initialize(rootUri="file:///project")
        for number in range(count):
            await _one(client, number, result)
            if (number + 1) % max(1, count // steps) == 0:
                result.series.append((number + 1, resident_mb(client.process.pid)))
        result.status = (await client.request("mellum/status"))["result"]
        assert await client.shut_down() == 0
    return result


async def _one(client: LspClient, number: int, result: Cycles) -> None:
    uri = f"file:///project/folder_{number % 7}/file_{number}.py"
    # Each text is another one, so that whatever is kept for a text is kept for each.
    text = "".join(f"value_{number}_{line} = {line}  # 語 🎉\r\n" for line in range(LINES)) + "x = \r\n"
    result.text_bytes += len(text.encode())
    client.open(uri, text)
    client.change(uri, 2, LINES, 4, "a")
    client.change(uri, 3, 0, 0, "import os\r\n")
    # A request that the next one overtakes, one that is cancelled, and one that is heard to its end.
    client.start("textDocument/inlineCompletion", inline_params(uri, LINES, 1))
    cancelled, _ = client.start("textDocument/inlineCompletion", inline_params(uri, LINES + 1, 5))
    client.notify("$/cancelRequest", {"id": cancelled})
    answer = await client.request("textDocument/inlineCompletion", inline_params(uri, LINES + 1, 5))
    result.suggestions += len(answer["result"]["items"])
    place = {"line": LINES + 1, "character": 5}
    client.notify("mellum/didMoveCursor", {"textDocument": {"uri": uri}, "range": {"start": place, "end": place}})
    client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})


def report(result: Cycles) -> str:
    """The series, a line each, and what is left at the end."""
    kept = {name: result.status[name] for name in ("documents", "active", "requests", "answered")}
    lines = [f"{number:>6} cycles  {memory:7.2f} MB" for number, memory in result.series]
    lines.append(f"settled growth {result.growth_mb:+.2f} MB, of {result.text_bytes / 1e6:.0f} MB of text opened")
    return "\n".join([*lines, f"{result.suggestions} suggestions; status at the end: {json.dumps(kept)}\n"])


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        number = int(sys.argv[1]) if len(sys.argv) > 1 else FULL
        sys.stdout.write(report(asyncio.run(cycle(Path(name), number))))
