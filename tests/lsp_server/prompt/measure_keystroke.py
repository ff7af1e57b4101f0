"""What a key costs in a Python document of 100 KB: the change, the repository's context, the query for the model.

Run it with `python -m tests.lsp_server.prompt.measure_keystroke` from the repository root. Times are in milliseconds;
those in brackets are of the processor alone.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from mellum_ls.lsp_server.answers.completer import Gap, query_for
from mellum_ls.lsp_server.documents.store import DocumentStore, Edit, Place
from mellum_ls.lsp_server.prompt.repository import Repository
from mellum_ls.lsp_server.settings.fields import Settings

KEYS = 300
FUNCTION = (
    "def step_{0}(value: int, other: list[int]) -> int:\n"
    "    for item in other:\n        value += item\n    return value\n\n\n"
)


async def main() -> None:
    """Type, measure, tell."""
    with tempfile.TemporaryDirectory() as place:
        root = Path(place).resolve()
        folder = root / "code"
        folder.mkdir()
        text = "".join(FUNCTION.format(number) for number in range(100_000 // len(FUNCTION)))
        (folder / "other.py").write_text("def helper(a: int) -> int:\n    return a\n", encoding="utf-8")
        (folder / "long.py").write_text(text, encoding="utf-8")
        documents, tasks = DocumentStore(), list[asyncio.Task[Any]]()

        def in_background(work: Coroutine[Any, Any, None]) -> None:
            tasks.append(asyncio.ensure_future(work))

        repository = Repository(documents, in_background, root / "cache")
        roots, settings = (folder.as_uri(),), Settings()
        uri = (folder / "long.py").as_uri()
        document = documents.open(uri, "python", 1, text)
        line = text.count("\n") // 2 // 6 * 6 + 3
        rows: list[tuple[float, float]] = []
        for key in range(KEYS):
            clock, processor = time.perf_counter(), time.thread_time()
            column = len("    return value") + key % 60
            documents.change(uri, key + 2, [Edit("x", Place(line, column), Place(line, column))])
            snapshot = document.snapshot(Place(line, column + 1))
            context = await repository.context(snapshot, (line - 200, line + 60), settings, roots)
            query_for(Gap.of(snapshot, None), settings, roots, context)
            rows.append((1e3 * (time.perf_counter() - clock), 1e3 * (time.thread_time() - processor)))
        await repository.close()
        await asyncio.gather(*tasks)
    wall, processor_alone = zip(*rows[1:], strict=True)
    high = [statistics.quantiles(column, n=20)[-1] for column in (wall, processor_alone)]
    middle = [statistics.median(column) for column in (wall, processor_alone)]
    figures = f"median {middle[0]:.1f} ({middle[1]:.1f})   p95 {high[0]:.1f} ({high[1]:.1f})"
    sys.stdout.write(f"{len(text)} characters, {KEYS} keys: {figures}\n")


if __name__ == "__main__":
    asyncio.run(main())
