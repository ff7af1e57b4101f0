"""How long an answer takes in a file of 2,000 lines with an index of 10,000 files; not a test, run by hand:

python -m tests.context.edits.measure_next_edit FOLDER
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from pathlib import Path

from mellum_ls.context.edits.desk import Sources
from mellum_ls.context.edits.history import EditLog
from mellum_ls.context.edits.symbolic import propose
from mellum_ls.context.index.analysis import analyse
from mellum_ls.context.index.reader import Reader
from mellum_ls.context.index.store import Store
from mellum_ls.context.index.tables import Tables

FILES, LINES, ROUNDS = 10_000, 2_000, 20
EDITS = (
    ("def compute_7(", "def reckon_7("),
    ("def compute_9(first, second):", "def compute_9(first, second, third):"),
    ("def compute_9(first, second):", "def compute_9(second):"),
    ("    total_3 =", "    amount_3 ="),
    ("class Part5:", "class Piece5:"),
    ("import module_1\n", "import module_1\nshared_3()\n"),
)


def large_file() -> str:
    """A file of LINES lines whose functions call each other."""
    parts = ["import module_1\n"]
    for number in range(LINES // 10):
        parts.append(
            f"class Part{number}:\n    def method_{number}(self, third):\n"
            f"        return compute_{number % 20}(1, third)\n\n"
            f"def compute_{number}(first, second):\n    total_{number} = first + second\n"
            f"    part = Part{number // 2}()\n"
            f"    return total_{number} * part.method_{number // 2}(total_{number})\n\n\n"
        )
    return "".join(parts)


def build(folder: Path) -> dict[str, str]:
    """An index of FILES files, and their texts."""
    chosen = random.Random(3)
    texts = {}
    for number in range(FILES):
        uses = "\n".join(f"    compute_{chosen.randrange(20)}(1, {at})" for at in range(5))
        texts[f"src/pkg{number % 100}/module_{number}.py"] = (
            f"from large import compute_{number % 20}, Part{number % 50}\n\n\ndef function_{number}(value):\n{uses}\n"
            f"    return value\n\n\ndef shared_{number % 40}():\n    return Part{number % 50}()\n"
        )
    store = Store.open(folder / "x.index", "/w")
    tables = Tables(store.connection)
    with store.transaction():
        ids = {path: tables.put(path, 1, 1, analyse(path, text)) for path, text in texts.items()}
        large = tables.put("src/large.py", 1, 1, analyse("src/large.py", large_file()))
        for number in ids.values():
            tables.put_edges(number, [large])
        tables.finish()
    store.close()
    return texts


def main(folder: Path) -> None:
    """Build the index where it is not there yet, and ask."""
    texts = build(folder)
    reader, before = Reader(folder / "x.index"), large_file()
    assert before.count("\n") >= LINES
    sources = Sources()
    for old, new in EDITS:
        walls, cpus, found = [], [], []
        for at in range(ROUNDS):
            log, after = EditLog(), before.replace(old, new, 1) + f"# {at}\n"
            log.note("src/large.py", before + f"# {at}\n", after, 1.0)
            start, cpu = time.perf_counter(), time.process_time()
            found = propose(
                log, "src/large.py", after, 60, 0, {"src/large.py": after}, reader, texts.get, sources=sources
            )
            walls.append(1000 * (time.perf_counter() - start))
            cpus.append(1000 * (time.process_time() - cpu))
        wall, used = sorted(walls), sorted(cpus)
        sys.stdout.write(
            f"{new.strip()[:40]!r:44} {len(found):3} proposals; ms p50 {statistics.median(wall):.1f} "
            f"p95 {wall[int(ROUNDS * 0.95)]:.1f}, processor p50 {statistics.median(used):.1f} "
            f"p95 {used[int(ROUNDS * 0.95)]:.1f}\n"
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
