from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from mellum_ls.runtime.client.address import Address, address_of
from mellum_ls.runtime.environment import DEFAULT_CACHE_IDLE_SECONDS
from mellum_ls.runtime.service.__main__ import parse_arguments
from tests.fakes.engine import command

Process = subprocess.Popen[bytes]


def launch(service: Sequence[str], address: Address, model: Path) -> Process:
    arguments = [*service, "--model", str(model), "--socket", str(address.socket_path)]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def report(process: Process) -> dict[str, object]:
    assert process.stdout is not None
    return dict(json.loads(process.stdout.readline()))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_code_0_and_no_files(tmp_path: Path, number: signal.Signals) -> None:
    address = address_of(tmp_path, tmp_path / "run")
    with launch(command(), address, tmp_path) as process:
        said = report(process)
        assert (said["state"], said["pid"]) == ("ready", process.pid)
        process.send_signal(number)
        rest, log = process.communicate(timeout=20)
    assert (process.returncode, rest) == (0, b"")
    assert b"ended" in log
    assert not address.socket_path.exists()


def test_a_second_one_leaves_to_the_first(tmp_path: Path) -> None:
    address = address_of(tmp_path, tmp_path / "run")
    with launch(command(), address, tmp_path) as first:
        report(first)
        with launch(command(), address, tmp_path) as second:
            assert report(second)["state"] == "taken"
            assert second.wait(20) == 0
        first.terminate()
        first.communicate(timeout=20)


def test_a_folder_that_cannot_be_used_is_code_2_with_the_reason(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    folder.chmod(0o777)
    with launch(command(), address_of(tmp_path, folder), tmp_path) as process:
        said = report(process)
        assert said["state"] == "failed"
        assert "chmod 700" in str(said["message"])
        assert process.wait(20) == 2


def test_a_model_that_cannot_be_loaded_is_code_1(tmp_path: Path) -> None:
    service = [sys.executable, "-P", "-m", "mellum_ls.runtime.service"]
    with launch(service, address_of(tmp_path, tmp_path / "run"), tmp_path) as process:
        assert report(process)["state"] == "ready"
        _, log = process.communicate(timeout=60)
    assert process.returncode == 1
    assert b"config.json" in log


def test_arguments(tmp_path: Path) -> None:
    arguments = parse_arguments(["--model", "m", "--socket", "/s.sock", "--threads", "2", "--idle-seconds", "3"])
    assert (arguments.model, arguments.socket) == (Path("m"), Path("/s.sock"))
    assert (arguments.threads, arguments.idle_seconds, arguments.log_level) == (2, 3.0, "INFO")
    assert arguments.format == "auto"
    assert (arguments.cache_idle_seconds, arguments.cache_mb) == (DEFAULT_CACHE_IDLE_SECONDS, None)


def test_unknown_options_are_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse_arguments(["--model", "m", "--socket", "/s.sock", "--fast"])
    assert ended.value.code == 2
    assert "--fast" in capsys.readouterr().err
