"""What an index of many files costs: seconds to build, disk, memory of the worker, times of questions and of an update.

Run it with `python -m tests.context.index.measure_index [FILES] [PROCESSES] [FOLDER ...]`. The files are copies of the
sources in the folders, by default this environment's packages; of too few, more are made under other names. The index
is built at the product's priority, the lowest; with `--turns N` it is built anew N times at that and at ordinary
priority in turns, which tells what the priority itself costs.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import shutil
import statistics
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from mellum_ls.context.index.reader import Reader
from mellum_ls.context.index.terms import terms
from mellum_ls.context.index.workspace_index import Event, WorkspaceIndex
from tests.fakes.index_worker import COMMAND as ORDINARY_PRIORITY

ENDINGS = {".py", ".js", ".ts", ".tsx", ".c", ".h", ".go", ".rs", ".java"}
MOST_BYTES = 300_000
QUESTIONS = 300


def copy_sources(folders: list[Path], count: int, target: Path) -> float:
    """Copy `count` files and give their size in megabytes."""
    found = [
        (folder, path)
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.suffix in ENDINGS and path.is_file() and not path.is_symlink() and path.stat().st_size <= MOST_BYTES
    ]
    assert found, "no sources there"
    random.Random(1).shuffle(found)
    size = 0
    for number in range(count):
        folder, path = found[number % len(found)]
        turn = number // len(found)
        place = target / (f"copy{turn}" if turn else "") / folder.name.replace("site-packages", "packages")
        place = place / path.relative_to(folder)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, place)
        size += place.stat().st_size
    return size / 1e6


PRIORITIES = {"lowest": (sys.executable, "-P", "-m", "mellum_ls.context.index.worker"), "ordinary": ORDINARY_PRIORITY}


class Follower:
    """The index of a folder, and a way to wait for what its worker says."""

    def __init__(self, root: Path, cache: Path, processes: int, priority: str = "lowest") -> None:
        self.events: asyncio.Queue[Event] = asyncio.Queue()
        self.most_rss = 0
        command = PRIORITIES[priority]
        self.index = WorkspaceIndex(root, cache, on_event=self._take, processes=processes, command=command)

    def _take(self, event: Event) -> None:
        self.most_rss = max(self.most_rss, event.get("rss_bytes", 0))
        self.events.put_nowait(event)

    async def until(self, *wanted: str) -> Event:
        while (event := await self.events.get())["event"] not in (*wanted, "failed", "crashed"):
            pass
        assert event["event"] in wanted, event
        return event


def quantiles(name: str, seconds: list[float]) -> str:
    high = statistics.quantiles(seconds, n=20)[-1]
    return f"{name:<44} median {statistics.median(seconds) * 1e3:7.2f} ms   p95 {high * 1e3:7.2f} ms"


def timed(ask: Callable[[], object]) -> float:
    started = time.perf_counter()
    ask()
    return time.perf_counter() - started


def question_times(root: Path, reader: Reader) -> list[str]:
    """Questions as they come up: the words of twenty lines, and the names in an outline."""
    rng = random.Random(2)
    paths = [path.relative_to(root).as_posix() for path in sorted(root.rglob("*.py"))]
    searches, definitions, users, outlines = [], [], [], []
    for path in rng.sample(paths, min(QUESTIONS, len(paths))):
        lines = (root / path).read_text("utf-8", "replace").splitlines()
        start = rng.randrange(max(len(lines) - 20, 1))
        asked = terms("\n".join(lines[start : start + 20]))
        searches.append(timed(lambda: reader.search(asked, 20, without=[path])))  # noqa: B023 - called at once
        outlines.append(timed(lambda: reader.outline(path)))  # noqa: B023
        names = [definition.name for definition in reader.outline(path)][:12]
        definitions.append(timed(lambda: reader.definitions(names)))  # noqa: B023
        users.append(timed(lambda: [reader.users(name) for name in names[:1]]))  # noqa: B023
    return [
        quantiles("search with the words of 20 lines", searches),
        quantiles("definitions of 12 names", definitions),
        quantiles("users of a name", users),
        quantiles("outline of a file", outlines),
    ]


async def measure(root: Path, cache: Path, processes: int) -> list[str]:
    follower = Follower(root, cache, processes)
    out = []
    try:
        started = time.perf_counter()
        await follower.index.start()
        ready = await follower.until("ready")
        state = follower.index.state()
        out.append(
            f"built in {time.perf_counter() - started:.1f} s with {processes} extra processes: {state['files']} files, "
            f"{state['chunks']} chunks, {state['symbols']} symbols, {ready['num_left_out']} left out; "
            f"the worker computed for {ready['cpu_seconds']:.1f} s, the others for {ready['helpers_cpu_seconds']:.1f} s"
        )
        assert isinstance(state["disk_bytes"], int)
        out.append(
            f"disk {state['disk_bytes'] / 1e6:.1f} MB, worker at most {follower.most_rss / 1e6:.0f} MB resident, "
            f"the largest of the others {ready['helper_rss_bytes'] / 1e6:.0f} MB"
        )
        out += question_times(root, follower.index.index)
        changed = [path for path in sorted(root.rglob("*.py")) if 2_000 < path.stat().st_size < 40_000][:40]
        updates, done = [], []
        for path in changed:
            path.write_text(path.read_text("utf-8", "replace") + "\n\ndef added_later():\n    return 1\n", "utf-8")
            started = time.perf_counter()
            follower.index.update([path.relative_to(root).as_posix()])
            done.append((await follower.until("updated"))["seconds"])
            updates.append(time.perf_counter() - started)
        out.append(quantiles("update of one file, as the server sees it", updates))
        out.append(quantiles("update of one file, in the worker", done))
        new = root / "quite_new.py"
        new.write_text("import os\n")
        started = time.perf_counter()
        follower.index.update(["quite_new.py"])
        await follower.until("updated")
        out.append(f"a new file, with all imports looked up again: {(time.perf_counter() - started) * 1e3:.0f} ms")
    finally:
        await follower.index.close()
    follower = Follower(root, cache, processes)
    try:
        started = time.perf_counter()
        await follower.index.start()
        await follower.until("ready")
        out.append(f"opened again with nothing changed: {time.perf_counter() - started:.1f} s")
    finally:
        await follower.index.close()
    return out


async def build(root: Path, cache: Path, processes: int, priority: str) -> str:
    """Build the index of a folder in an empty cache and tell its cost."""
    follower = Follower(root, cache, processes, priority)
    try:
        started = time.perf_counter()
        await follower.index.start()
        ready = await follower.until("ready")
        seconds = time.perf_counter() - started
    finally:
        await follower.index.close()
    computed = (
        f"the worker computed for {ready['cpu_seconds']:.1f} s, the others for {ready['helpers_cpu_seconds']:.1f} s"
    )
    return f"at {priority} priority built in {seconds:.1f} s; {computed}"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("files", nargs="?", type=int, default=10_000)
    parser.add_argument("processes", nargs="?", type=int, default=0)
    parser.add_argument("folders", nargs="*", type=Path, default=[Path(sysconfig.get_paths()["purelib"])])
    parser.add_argument("--turns", type=int, default=0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch) / "workspace"
        root.mkdir()
        size = copy_sources(given.folders, given.files, root)
        sys.stdout.write(f"{given.files} files, {size:.1f} MB\n")
        sys.stdout.write("\n".join(asyncio.run(measure(root, Path(scratch) / "cache", given.processes))) + "\n")
        for turn in range(given.turns):
            for priority in PRIORITIES:
                cache = Path(scratch) / f"{priority}{turn}"
                sys.stdout.write(asyncio.run(build(root, cache, given.processes, priority)) + "\n")
                sys.stdout.flush()


if __name__ == "__main__":
    main()
