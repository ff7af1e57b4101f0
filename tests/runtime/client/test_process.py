from __future__ import annotations

import asyncio
import stat
import sys
from pathlib import Path

import pytest

from mellum_ls.runtime.client.process import MAX_LOG_BYTES, spawn
from mellum_ls.runtime.errors import RuntimeUnavailable


def start(code: str, log_file: Path, seconds: float = 20.0) -> None:
    asyncio.run(spawn([sys.executable, "-I", "-c", code], log_file, seconds))


def test_returns_at_the_report_while_the_process_goes_on(tmp_path: Path) -> None:
    log_file = tmp_path / "log" / "a.log"
    code = """if 1:
        import os, sys
        assert sys.stdin.read() == ""
        assert os.getsid(0) == os.getpid()
        print('{"state": "ready"}', flush=True)
        sys.stderr.write("lives on" + chr(10))
    """
    start(code, log_file)
    assert stat.S_IMODE(log_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(log_file.parent.stat().st_mode) == 0o700


def test_a_start_in_vain_gives_only_its_own_last_lines(tmp_path: Path) -> None:
    log_file = tmp_path / "a.log"
    log_file.write_text("of an earlier life\n")
    code = "import sys; [print('line', n, file=sys.stderr) for n in range(20)]"
    with pytest.raises(RuntimeUnavailable) as caught:
        start(code, log_file)
    said = str(caught.value)
    assert said.endswith("\nline 14\nline 15\nline 16\nline 17\nline 18\nline 19")
    assert str(log_file) in said
    assert "earlier" not in said


def test_a_silent_end_is_said_to_be_one(tmp_path: Path) -> None:
    with pytest.raises(RuntimeUnavailable, match=r"a\.log is empty"):
        start("pass", tmp_path / "a.log")


def test_the_report_may_say_why_not(tmp_path: Path) -> None:
    with pytest.raises(RuntimeUnavailable, match="did not start: the folder is open to all"):
        start("""print('{"state": "failed", "message": "the folder is open to all"}')""", tmp_path / "a.log")


def test_a_process_that_never_reports_is_killed(tmp_path: Path) -> None:
    code = "import signal; signal.pause()"
    with pytest.raises(RuntimeUnavailable, match=r"did not start within 0\.2 s"):
        start(code, tmp_path / "a.log", seconds=0.2)


def test_a_command_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RuntimeUnavailable, match="cannot run /nowhere/python"):
        asyncio.run(spawn(["/nowhere/python"], tmp_path / "a.log", 5.0))


def test_a_log_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RuntimeUnavailable, match="cannot write the log"):
        start("pass", tmp_path / "file" / "a.log")


def test_a_large_log_is_put_aside(tmp_path: Path) -> None:
    log_file = tmp_path / "a.log"
    log_file.write_bytes(b"x" * (MAX_LOG_BYTES + 1))
    with pytest.raises(RuntimeUnavailable, match="new"):
        start("import sys; sys.exit('new')", log_file)
    assert log_file.read_text() == "new\n"
    assert (tmp_path / "a.old.log").stat().st_size == MAX_LOG_BYTES + 1
