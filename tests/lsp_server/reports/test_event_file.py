import asyncio
import json
import os
import stat
from pathlib import Path

import pytest

from mellum_ls.lsp_server.reports.event_file import WAITING, EventFile


def write(*lines: tuple[str, dict[str, object]]) -> None:
    async def run() -> None:
        file = EventFile()
        for path, record in lines:
            file.write(path, record)
        await asyncio.wait_for(file.close(), 30)

    asyncio.run(run())


def test_each_record_is_a_line_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "events"
    path.write_text('{"n": 0}\n')
    path.chmod(0o644)
    write((str(path), {"n": 1}), ("", {"n": 2}), (str(tmp_path / "other"), {"n": 3}), (str(path), {"n": 4}))
    assert [json.loads(line)["n"] for line in path.read_text().splitlines()] == [0, 1, 4]
    assert [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("events", "other")] == [0o600, 0o600]


@pytest.mark.parametrize("place", ["missing/events", "", "relative"])
def test_a_file_that_cannot_be_written_is_one_line_in_the_log(
    tmp_path: Path, place: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = place if place == "relative" else str(tmp_path / place)
    write(*[(path, {"n": number}) for number in range(50)])
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert path in caplog.text
    assert not Path("relative").exists()


def test_a_pipe_that_nobody_reads_holds_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    os.mkfifo(tmp_path / "pipe")
    write((str(tmp_path / "pipe"), {"n": 1}))
    assert len(caplog.records) == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no device that is always full")
def test_a_full_disk_is_one_line_in_the_log_and_no_change_of_the_device(caplog: pytest.LogCaptureFixture) -> None:
    before = Path("/dev/full").stat().st_mode
    write(*[("/dev/full", {"n": number}) for number in range(50)])
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert Path("/dev/full").stat().st_mode == before


def test_a_line_that_was_cut_does_not_spoil_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, calls = os.write, []

    def short_once(number: int, data: bytes) -> int:
        calls.append(data)
        return whole(number, data[:4] if len(calls) == 1 else data)

    monkeypatch.setattr(os, "write", short_once)
    path = tmp_path / "events"
    write((str(path), {"n": 1}), (str(path), {"n": 2}), (str(path), {"n": 3}))
    lines = path.read_text().splitlines()
    assert [json.loads(line) for line in lines[1:]] == [{"n": 2}, {"n": 3}]


def test_a_slow_disk_delays_nobody_and_costs_lines_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        loop, released = asyncio.get_running_loop(), asyncio.Event()
        whole = os.write

        def slow(number: int, data: bytes) -> int:
            asyncio.run_coroutine_threadsafe(released.wait(), loop).result(30)
            return whole(number, data)

        monkeypatch.setattr(os, "write", slow)
        file = EventFile()
        for number in range(3 * WAITING):
            file.write(str(tmp_path / "events"), {"n": number})
        released.set()
        await asyncio.wait_for(file.close(), 30)

    asyncio.run(run())
    lines = (tmp_path / "events").read_text().splitlines()
    assert WAITING <= len(lines) <= WAITING + 2
    assert json.loads(lines[0]) == {"n": 0}


def test_nothing_written_is_nothing_to_close() -> None:
    write(("", {"n": 1}))
