"""The process that builds: commands in, events out, an end when nobody listens any more, and one builder at a time."""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mellum_ls.context.index.reader import Reader
from mellum_ls.context.index.rest import Rest
from mellum_ls.context.index.store import files_of
from mellum_ls.context.index.worker import Worker, listen, resident_bytes
from tests.fakes.index_worker import COMMAND
from tests.fakes.process_figures import resident_mb

REAL = (sys.executable, "-P", "-m", "mellum_ls.context.index.worker")
posix_only = pytest.mark.skipif(sys.platform == "win32", reason="signals and priorities of POSIX")


class Process:
    """A worker at the other end of two pipes."""

    def __init__(self, root: Path, index: Path, processes: int = 0, command: tuple[str, ...] = COMMAND) -> None:
        self.popen = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.events: list[dict[str, Any]] = []
        self.tell(do="open", root=str(root), index=str(index), exclude=[], processes=processes)
        self.tell(do="build")

    def tell(self, **command: object) -> None:
        assert self.popen.stdin is not None
        self.popen.stdin.write(json.dumps(command) + "\n")
        self.popen.stdin.flush()

    def until(self, *wanted: str) -> dict[str, Any]:
        assert self.popen.stdout is not None
        for line in self.popen.stdout:
            self.events.append(json.loads(line))
            if self.events[-1]["event"] in (*wanted, "failed"):
                break
        assert self.events, "the worker said nothing"
        assert self.events[-1]["event"] in wanted, self.events[-1]
        return self.events[-1]

    def end(self) -> int:
        assert self.popen.stdin is not None
        assert self.popen.stdout is not None
        self.popen.stdin.close()
        code = self.popen.wait(30)
        self.popen.stdout.close()
        return code


Start = Callable[..., Process]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[Process] = []

    def make(processes: int = 0, command: tuple[str, ...] = COMMAND) -> Process:
        started.append(Process(tmp_path / "workspace", tmp_path / "cache" / "x.index", processes, command))
        return started[-1]

    yield make
    for process in started:
        process.popen.kill()
        process.end()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "workspace"
    root.mkdir()
    for number in range(30):
        (root / f"file_{number}.py").write_text(f"def name_{number}():\n    return other()\n")
    return root


@pytest.fixture
def reader(tmp_path: Path, root: Path) -> Iterator[Reader]:
    reader = Reader(tmp_path / "cache" / "x.index")
    yield reader
    reader.close()


def make_many(root: Path) -> None:
    """Enough for several batches, so that there is a middle of the build."""
    for number in range(1500):
        (root / f"many_{number}.py").write_text(f"def many_{number}():\n    return other()\n" * 20)


def test_it_builds_and_updates(root: Path, start: Start, reader: Reader) -> None:
    process = start()
    ready = process.until("ready")
    assert [event["event"] for event in process.events][:2] == ["building", "progress"]
    assert (ready["num_written"], ready["num_left_out"]) == (30, 0)
    assert ready["rss_bytes"] > 10_000_000
    (root / "new.py").write_text("def brand_new(): pass\n")
    (root / "file_1.py").unlink()
    process.tell(do="update", paths=["new.py", "file_1.py"])
    updated = process.until("updated")
    assert (updated["written"], updated["removed"]) == (["new.py"], ["file_1.py"])
    assert [d.path for d in reader.definitions(["brand_new", "name_1"])] == ["new.py"]
    process.tell(do="exclude", globs=["new.py"])
    process.until("ready")
    assert not reader.has("new.py")
    assert process.end() == 0


def test_events_carry_no_text_of_files(root: Path, start: Start) -> None:
    (root / "file_1.py").write_text("def powidltascherl(): pass\n")
    process = start()
    process.until("ready")
    assert "powidltascherl" not in json.dumps(process.events)


@posix_only
def test_it_gives_way_to_everything_else(root: Path, start: Start) -> None:
    process = start(command=REAL)
    process.until("building")
    assert os.getpriority(os.PRIO_PROCESS, process.popen.pid) == 19


@pytest.mark.skipif(sys.platform != "linux", reason="a way to schedule of Linux")
def test_what_it_starts_gives_way_too() -> None:
    ask = "import os; print(os.sched_getscheduler(0) == os.SCHED_IDLE, os.nice(0))"
    code = (
        "import subprocess, sys; from mellum_ls.context.index.worker import lower_priority; lower_priority(); "
        f"subprocess.run([sys.executable, '-c', {ask!r}], check=True)"
    )
    told = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["True", "19"]


@posix_only
@pytest.mark.parametrize("processes", [0, 2])
def test_a_kill_in_the_middle_leaves_what_was_whole(root: Path, start: Start, reader: Reader, processes: int) -> None:
    make_many(root)
    process = start(processes)
    while process.until("progress")["done"] < 200:
        pass
    process.popen.send_signal(signal.SIGKILL)
    process.popen.wait(30)
    found = reader.counts()["files"]
    assert 200 <= found < 1530
    assert not reader.is_whole()
    # What is there is right, and the next one does the rest only.
    path = reader.files_in("")[0]
    assert reader.outline(path)
    ready = start().until("ready")
    assert ready["num_written"] == 1530 - reader_unchanged(ready)
    assert reader_unchanged(ready) >= found
    assert reader.counts()["files"] == 1530


def reader_unchanged(ready: dict[str, Any]) -> int:
    unchanged = ready["unchanged"]
    assert isinstance(unchanged, int)
    return unchanged


@pytest.mark.parametrize("processes", [0, 2])
def test_it_ends_with_its_input_in_the_middle_of_a_build(root: Path, start: Start, processes: int) -> None:
    make_many(root)
    process = start(processes)
    process.until("progress")
    assert process.end() == 0


def test_a_second_one_waits_until_the_first_has_ended(root: Path, start: Start, reader: Reader) -> None:
    first = start()
    first.until("ready")
    second = start()
    assert second.until("waiting", "ready")["event"] == "waiting"
    assert first.end() == 0
    assert second.until("ready")["unchanged"] == 30


def test_one_that_waits_ends_with_its_input_too(root: Path, start: Start) -> None:
    first = start()
    first.until("ready")
    second = start()
    second.until("waiting")
    assert second.end() in (0, 1)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_damaged_index_is_built_anew(root: Path, start: Start, reader: Reader, when: str) -> None:
    process = start()
    process.until("ready")
    if when == "before":
        process.end()
    content = bytearray(reader._path.read_bytes())
    content[4096:] = os.urandom(len(content) - 4096)
    reader._path.write_bytes(content)
    if when == "before":
        process = start()
        ready = process.until("ready")
        assert ready["num_written"] == 30
    else:
        (root / "file_3.py").write_text("def quite_other(): pass\n")
        process.tell(do="update", paths=["file_3.py"])
        process.until("ready", "updated")
        process.tell(do="build")
        process.until("ready")
    assert len(reader.definitions([f"name_{number}" for number in range(30)])) >= 29
    assert reader.trouble == ""


def test_a_folder_that_cannot_be_used_is_said(root: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    process = Process(root, tmp_path / "file" / "x.index")
    assert "cannot be used" in process.until("failed")["reason"]
    assert process.end() == 0


def test_junk_on_the_input_is_no_command(root: Path, start: Start) -> None:
    process = start()
    assert process.popen.stdin is not None
    process.popen.stdin.write("junk\n[1]\n\n{\n")
    process.tell(do="nothing that is known", paths=3)
    process.until("ready")
    process.tell(do="update", paths=["file_1.py"])
    process.until("updated")


def test_updates_that_pile_up_become_one() -> None:
    commands: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    worker = Worker(commands, threading.Event(), Rest(), lambda event, **facts: None)
    for command in (
        {"do": "update", "paths": ["a", "b"]},
        {"do": "update", "paths": ["b", "c"]},
    ):
        commands.put(command)
    assert worker._next() == {"do": "update", "paths": ["a", "b", "c"]}
    commands.put({"do": "update", "paths": ["a"]})
    commands.put({"do": "exclude", "globs": ["x"]})
    assert worker._next() == {"do": "exclude", "globs": ["x"]}
    commands.put({"do": "update", "paths": ["a"]})
    commands.put({"do": "build"})
    assert worker._next() == {"do": "build"}


def test_the_memory_that_it_tells_is_its_own() -> None:
    assert resident_bytes() / 1e6 == pytest.approx(resident_mb(os.getpid()), rel=0.2)


def test_the_end_of_the_input_is_a_command(monkeypatch: pytest.MonkeyPatch) -> None:
    timers: list[tuple[float, object, object]] = []

    class Timer:
        def __init__(self, seconds: float, call: object, arguments: object) -> None:
            timers.append((seconds, call, arguments))

        def start(self) -> None:
            pass

    monkeypatch.setattr("mellum_ls.context.index.worker.threading.Timer", Timer)
    commands: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    ended = threading.Event()
    rests: list[float] = []
    rest = Rest()
    monkeypatch.setattr(rest, "begin", rests.append)
    lines = ['{"do": "build"}\n', '{"do": "rest", "seconds": 1.5}\n', '{"do": "rest"}\n']
    listen(iter(lines), commands, ended, rest)  # type: ignore[arg-type]
    assert [commands.get(), commands.get()] == [{"do": "build"}, {"do": "stop"}]
    assert ended.is_set()
    assert timers == [(5.0, os._exit, (1,))]
    # A rest holds at once and is no command among others; whoever is to end does not rest.
    assert rests == [1.5, 0.0, 0.0]


def test_nobody_else_reads_what_it_writes(root: Path, start: Start, reader: Reader) -> None:
    process = start()
    process.until("ready")
    assert [path.stat().st_mode & 0o777 for path in files_of(reader._path) if path.exists()] == [0o600] * 3
