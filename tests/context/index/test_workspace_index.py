"""The server's side: started, followed, restarted after a crash, and gone without an orphan."""

import asyncio
import gc
import os
import signal
import subprocess
import sys
import warnings
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from mellum_ls.context.index.workspace_index import WorkspaceIndex, default_processes, index_path, pause_after
from tests.fakes.index_worker import COMMAND
from tests.fakes.process_figures import wait_for_end

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "workspace"
    root.mkdir()
    for number in range(20):
        (root / f"file_{number}.py").write_text(f"def name_{number}():\n    return other()\n")
    return root


class Followed:
    """An index whose events are waited for, and whose pauses last as long as the test wants."""

    def __init__(self, root: Path, cache: Path, **options: Any) -> None:
        self.events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.pauses: list[float] = []
        self.go_on = asyncio.Event()
        self.go_on.set()
        options.setdefault("command", COMMAND)
        self.index = WorkspaceIndex(root, cache, on_event=self.events.put_nowait, sleep=self.sleep, **options)

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await asyncio.sleep(0)  # a pause that never lets go of the loop would be none of asyncio's
        await self.go_on.wait()

    async def until(self, wanted: str) -> dict[str, Any]:
        async with asyncio.timeout(60):
            while (event := await self.events.get())["event"] != wanted:
                pass
        return event


def run(root: Path, tmp_path: Path, scenario: Callable[[Followed], Awaitable[None]], **options: Any) -> None:
    async def main() -> None:
        followed = Followed(root, tmp_path / "cache", **options)
        try:
            await followed.index.start()
            await scenario(followed)
        finally:
            await followed.index.close()

    asyncio.run(main())


def test_it_becomes_ready_follows_changes_and_tells_its_state(root: Path, tmp_path: Path) -> None:
    async def scenario(followed: Followed) -> None:
        index = followed.index
        assert index.state()["state"] == "starting"
        await followed.until("ready")
        state = index.state()
        assert (state["state"], state["files"], state["whole"], state["last_error"]) == ("ready", 20, True, "")
        assert isinstance(state["disk_bytes"], int)
        assert state["disk_bytes"] > 20_000
        assert isinstance(state["worker_rss_bytes"], int)
        assert state["worker_rss_bytes"] > 10_000_000
        (root / "file_1.py").write_text("def renamed(): pass\n")
        index.update(["file_1.py"])
        await followed.until("updated")
        assert [d.path for d in index.index.definitions(["name_1", "renamed"])] == ["file_1.py"]
        index.exclude(["file_1.py"])
        await followed.until("ready")
        assert not index.index.has("file_1.py")
        assert {"path": "file_1.py", "reason": "is excluded by the settings"} in index.state()["skipped"]  # type: ignore[operator]
        pid = index.worker_pid
        assert pid is not None
        await index.close()
        wait_for_end(pid)
        assert index.state()["state"] == "off"
        assert not index.index.has("file_2.py")

    run(root, tmp_path, scenario)


@posix_only
def test_a_killed_worker_is_started_again_after_a_growing_pause(root: Path, tmp_path: Path) -> None:
    async def scenario(followed: Followed) -> None:
        for turn in range(3):
            await followed.until("building")
            pid = followed.index.worker_pid
            assert pid is not None
            followed.go_on.clear()
            os.kill(pid, signal.SIGKILL)
            crashed = await followed.until("crashed")
            assert "-9" in crashed["reason"]
            assert followed.index.state()["state"] == "failed"
            (root / f"while_away_{turn}.py").write_text(f"def while_away_{turn}(): pass\n")
            followed.index.update([f"while_away_{turn}.py"])
            followed.go_on.set()
        await followed.until("ready")
        # What happened while there was no worker is not lost.
        assert all(followed.index.index.has(f"while_away_{turn}.py") for turn in range(3))
        assert followed.index.state()["crashes"] == 0
        assert followed.pauses[:2] == [0.5, 1.0]

    run(root, tmp_path, scenario)


def test_pauses_grow_to_a_minute() -> None:
    assert [pause_after(count) for count in (0, 1, 2, 3, 8, 500)] == [0.0, 0.5, 1.0, 2.0, 60.0, 60.0]


def test_a_command_that_cannot_be_run_is_said(root: Path, tmp_path: Path) -> None:
    async def scenario(followed: Followed) -> None:
        followed.go_on.clear()
        crashed = await followed.until("crashed")
        assert "cannot be started" in crashed["reason"]
        followed.index.update(["file_1.py"])  # nobody there: no harm

    run(root, tmp_path, scenario, command=[str(tmp_path / "nowhere")])


def test_one_that_talks_nonsense_is_no_harm(root: Path, tmp_path: Path) -> None:
    code = 'print("junk"); print("[1]"); print("{}"); print("x" * 3_000_000)'

    async def scenario(followed: Followed) -> None:
        followed.go_on.clear()
        await followed.until("crashed")
        assert followed.index.state()["files"] == 0

    run(root, tmp_path, scenario, command=[sys.executable, "-c", code])


def test_a_second_server_reads_what_the_first_builds(root: Path, tmp_path: Path) -> None:
    async def scenario(first: Followed) -> None:
        await first.until("ready")
        second = Followed(root, tmp_path / "cache")
        await second.index.start()
        try:
            await second.until("waiting")
            assert second.index.state()["state"] == "waiting"
            assert second.index.index.has("file_1.py")
            (root / "new.py").write_text("def brand_new(): pass\n")
            first.index.update(["new.py"])
            await first.until("updated")
            assert second.index.index.has("new.py")
            await first.index.close()
            await second.until("ready")
        finally:
            await second.index.close()

    run(root, tmp_path, scenario)


def test_closing_in_the_middle_of_a_build_is_quick_and_final(root: Path, tmp_path: Path) -> None:
    for number in range(1000):
        (root / f"many_{number}.py").write_text("def many():\n    return other()\n" * 30)

    async def scenario(followed: Followed) -> None:
        await followed.until("progress")
        pid = followed.index.worker_pid
        assert pid is not None
        await followed.index.close()
        wait_for_end(pid)
        await followed.index.start()
        assert followed.index.worker_pid is None

    run(root, tmp_path, scenario, processes=2)


@posix_only
def test_a_pipe_that_something_else_holds_is_let_go_of(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the process has started may live longer, with its output; then no pipe is left to a loop that has ended."""
    monkeypatch.setattr("mellum_ls.context.index.workspace_index.CLOSE_SECONDS", 0.1)
    held = tmp_path / "held"
    os.mkfifo(held)
    code = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', f'open({sys.argv[1]!r}).read()'])"
    code += '; print(\'{"event": "building"}\', flush=True); sys.stdin.read()'

    async def scenario(followed: Followed) -> None:
        await followed.until("building")

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        run(root, tmp_path, scenario, command=[sys.executable, "-c", code, str(held)])
        gc.collect()
    held.open("w").close()
    assert [str(warning.message) for warning in caught] == []


@posix_only
def test_closing_while_the_process_is_being_started_ends_it(root: Path, tmp_path: Path) -> None:
    async def scenario(followed: Followed) -> None:
        await asyncio.sleep(0)  # the keeper's first step: the process is there soon
        await followed.index.close()
        assert followed.index.worker_pid is None
        assert followed.index.state()["state"] == "off"

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        run(root, tmp_path, scenario)
        gc.collect()
    assert [str(warning.message) for warning in caught] == []


SERVER = """
import asyncio, sys
from pathlib import Path
from mellum_ls.context.index.workspace_index import WorkspaceIndex

async def main():
    def on_event(event):
        if event["event"] == "progress":
            print(index.worker_pid, flush=True)
    root, cache, *command = sys.argv[1:]
    index = WorkspaceIndex(Path(root), Path(cache), on_event=on_event, processes=2, command=command)
    await index.start()
    await asyncio.Event().wait()

asyncio.run(main())
"""


@posix_only
def test_no_process_outlives_a_killed_server(root: Path, tmp_path: Path) -> None:
    for number in range(1000):
        (root / f"many_{number}.py").write_text("def many():\n    return other()\n" * 30)
    command = [sys.executable, "-P", "-c", SERVER, str(root), str(tmp_path / "cache"), *COMMAND]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        worker = int(server.stdout.readline())
        below = children_of(worker)
        assert len(below) >= 2
        server.kill()
    for pid in (worker, *below):
        wait_for_end(pid)


def children_of(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return [int(child) for task in tasks for child in (task / "children").read_text().split()]


def test_each_folder_has_a_file_of_its_own() -> None:
    one, other = index_path(Path("/c"), Path("/a")), index_path(Path("/c"), Path("/b"))
    assert one != other
    assert one.parent == other.parent == Path("/c")
    assert one.stem != "a"
    assert len(one.stem) == 32


def test_one_core_is_not_shared_by_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mellum_ls.context.index.workspace_index.sys.platform", "darwin")
    for cores, processes in ((None, 0), (1, 0), (2, 2), (64, 2)):
        monkeypatch.setattr("os.cpu_count", lambda cores=cores: cores)
        assert default_processes() == processes
