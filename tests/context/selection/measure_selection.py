"""What a selection costs on the index of a folder: at a new place of a new document, and after a key in it.

Run it with `python -m tests.context.selection.measure_selection FOLDER INDEX_FILE [PLACES]` from the repository root;
the index is built when the file is not there. Times are in milliseconds; those in brackets are of the processor alone.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from mellum_ls.context.index.builder import Builder
from mellum_ls.context.index.reader import Reader
from mellum_ls.context.index.store import Store
from mellum_ls.context.privacy.gate import Gate
from mellum_ls.context.selection.engine import ContextEngine
from mellum_ls.context.selection.place import Place
from mellum_ls.context.selection.workspace_source import WorkspaceSource

TOKENS = {"2K": 2048, "8K": 8192, "32K": 32768}
CHARS_PER_TOKEN = 3.4


def build(root: Path, file: Path) -> None:
    """Index the folder."""
    store = Store.open(file, str(root))
    started = time.perf_counter()
    report = Builder(root, store).build()
    store.close()
    sys.stdout.write(f"{len(report.written)} files indexed in {time.perf_counter() - started:.0f} s\n")


def places(root: Path, count: int) -> list[Place]:
    """Places in files of the folder, the same each time."""
    chance = random.Random(1)
    found: list[Place] = []
    for file in chance.sample(sorted(root.rglob("*.py")), 3 * count):
        text = file.read_text(encoding="utf-8", errors="replace")
        rows = [row for row, line in enumerate(text.split("\n")) if line.startswith("    ")]
        if rows and len(found) < count:
            line = chance.choice(rows)
            shown = (max(0, line - 150), line + 50)
            found.append(Place(file.relative_to(root).as_posix(), text, line, 4, visible=shown))
    return found


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds that it takes, by the clock and of the processor."""
    clock, processor = time.perf_counter(), time.thread_time()
    work()
    return 1e3 * (time.perf_counter() - clock), 1e3 * (time.thread_time() - processor)


def typed(place: Place) -> Place:
    """The document after a key at its place."""
    lines = place.text.split("\n")
    lines[place.line] += "x"
    return replace(place, text="\n".join(lines), column=len(lines[place.line]))


def report(name: str, rows: list[tuple[float, float]]) -> str:
    """Median and 95th percentile."""
    columns = list(zip(*rows, strict=True))
    high = [statistics.quantiles(column, n=20)[-1] for column in columns]
    middle = [statistics.median(column) for column in columns]
    return f"{name:<26} median {middle[0]:6.1f} ({middle[1]:6.1f})   p95 {high[0]:6.1f} ({high[1]:6.1f})"


def main(root: Path, file: Path, count: int = 200) -> None:
    """Build if need be, measure, tell."""
    if not file.exists():
        build(root, file)
    index, source = Reader(file), WorkspaceSource(Gate(root))
    spots = places(root, count)
    for budget, tokens in TOKENS.items():
        first, again, after_key = [], [], []
        for place in spots:
            engine = ContextEngine(index, source, int(tokens * CHARS_PER_TOKEN))
            first.append(timed(partial(engine.select, place)))
            again.append(timed(partial(engine.select, place)))
            after_key.append(timed(partial(engine.select, typed(place))))
        for name, rows in (("first in a document", first), ("again", again), ("after a key", after_key)):
            sys.stdout.write(report(f"{budget} {name}", rows) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]), *map(int, sys.argv[3:4]))
