"""What a key costs in a long document before and after the model: edit, snapshot, query, and fitting the answer.

Run it with `python tests/lsp_server/measure_documents.py [LINES] [KEYS]`; times are in milliseconds.
"""

from __future__ import annotations

import statistics
import sys
import time

from mellum_ls.lsp_server.answers.completer import Gap, fit_ended, query_for
from mellum_ls.lsp_server.documents.store import DocumentStore, Edit, Place
from mellum_ls.lsp_server.settings.fields import Settings

URI = "file:///r/long.py"
STEPS = ("edit", "snapshot", "query", "fit")
WRITTEN = "compute(first, '''x''')"


def text_of(lines: int) -> str:
    """Python of that many lines, with a docstring here and there."""
    block = (
        'def name_{0}(first, second):\n    """What it does."""\n    value = first * {0} + second\n    return value\n\n'
    )
    return "".join(block.format(number) for number in range(lines // 5))


def measure(lines: int, keys: int) -> list[tuple[float, ...]]:
    """Seconds of each step for each key, typed in turns at the start, in the middle and near the end."""
    store, settings, rows = DocumentStore(), Settings(), []
    document = store.open(URI, "python", 1, text_of(lines))
    places = [10 * (lines // 50), lines // 2 // 5 * 5, lines - 20]
    for key in range(keys):
        line, column = places[key % 3] + 2, 12 + key // 3
        started = time.perf_counter()
        store.change(URI, key, [Edit("x", Place(line, column), Place(line, column))])
        edited = time.perf_counter()
        snapshot = document.snapshot(Place(line, column + 1))
        taken = time.perf_counter()
        gap = Gap.of(snapshot, None)
        query = query_for(gap, settings, ["file:///r"])
        asked = time.perf_counter()
        fit_ended(gap, WRITTEN, "line", settings)
        ended = time.perf_counter()
        assert len(query.prefix) > 100
        rows.append((edited - started, taken - edited, asked - taken, ended - asked))
    return rows


def report(lines: int, rows: list[tuple[float, ...]]) -> str:
    """Median and 95th percentile of each step and of a whole key."""
    columns = [*zip(*rows, strict=True), [sum(row) for row in rows]]
    out = [f"{lines} lines, {len(rows)} keys"]
    for name, seconds in zip((*STEPS, "whole key"), columns, strict=True):
        high = statistics.quantiles(seconds, n=20)[-1]
        out.append(f"{name:<10} median {statistics.median(seconds) * 1e3:7.3f} ms   p95 {high * 1e3:7.3f} ms")
    return "\n".join([*out, ""])


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 60_000
    sys.stdout.write(report(count, measure(count, int(sys.argv[2]) if len(sys.argv) > 2 else 300)))
