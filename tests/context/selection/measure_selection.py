"""What a selection costs on the index of a folder: in a new document, at other places of it, after a key.

Run it with `python -m tests.context.selection.measure_selection FOLDER INDEX_FILE [PLACES]` from the repository root.
A folder that is not there is made: FILES Python files of this environment, and copies of them when these are too few;
the index is built when the file is not there. Times are in milliseconds; those in brackets are of the processor alone.
The line about the machine says how long a million additions take: about 45 ms on a core that is idle otherwise.
"""

from __future__ import annotations

import random
import statistics
import sys
import sysconfig
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import cycle
from pathlib import Path

from mellum_ls.context.index.builder import Builder
from mellum_ls.context.index.reader import Reader
from mellum_ls.context.index.store import Store
from mellum_ls.context.privacy.gate import Gate
from mellum_ls.context.selection.engine import MOVED_LINES, ContextEngine
from mellum_ls.context.selection.place import Place
from mellum_ls.context.selection.workspace_source import WorkspaceSource

TOKENS = {"2K": 2048, "8K": 8192, "32K": 32768}
CHARS_PER_TOKEN = 3.4


FILES = 10_000
LEAST_BYTES, MOST_BYTES = 200, 200_000


def gather(folder: Path, count: int = FILES) -> None:
    """Copy so many Python files of this environment below `folder`, with their paths."""
    root = Path(sysconfig.get_path("purelib"))
    found = [file for file in sorted(root.rglob("*.py")) if LEAST_BYTES < file.stat().st_size < MOST_BYTES]
    # The folder's name in front: of installed packages the index wants nothing.
    places = [f"{'' if turn == 0 else f'copy{turn}/'}{file.relative_to(root)}" for turn in range(99) for file in found]
    for place, file in zip(places[:count], cycle(found), strict=False):
        target = folder / place
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.read_bytes())


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


def other_places(place: Place) -> list[Place]:
    """Up to three places of the same document where a selection is due, each far from the one before."""
    rows = [row for row, line in enumerate(place.text.split("\n")) if line.startswith("    ")]
    found: list[Place] = []
    last = place.line
    for row in rows:
        if abs(row - last) >= MOVED_LINES and len(found) < 3:
            found.append(replace(place, line=row, visible=(max(0, row - 150), row + 50)))
            last = row
    return found


def key(engine: ContextEngine, place: Place) -> None:
    """What the server asks at each key."""
    if not engine.due(place):
        engine.current()


def main(root: Path, file: Path, count: int = 200) -> None:
    """Build if need be, measure, tell."""
    if not root.exists():
        gather(root)
    if not file.exists():
        build(root, file)
    index, source = Reader(file), WorkspaceSource(Gate(root))
    spots = places(root, count)
    additions = [timed(lambda: sum(range(1_000_000)))[1] for _ in range(5)]
    sys.stdout.write(f"{index.counts()}; a million additions {statistics.median(additions):.0f} ms\n")
    for budget, tokens in TOKENS.items():
        first, moved, keys = [], [], []
        for place in spots:
            engine = ContextEngine(index, source, int(tokens * CHARS_PER_TOKEN))
            first.append(timed(partial(engine.select, place)))
            moved += [timed(partial(engine.select, other)) for other in other_places(place)]
            engine.select(place)
            keys += [timed(partial(key, engine, typed(place))) for _ in range(3)]
        for name, rows in (("first in a document", first), ("another place in it", moved), ("a key", keys)):
            sys.stdout.write(report(f"{budget} {name}", rows) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]), *map(int, sys.argv[3:4]))
