import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mellum_ls.lsp_server.doctor.checks import Check
from mellum_ls.lsp_server.doctor.resident import checks
from mellum_ls.lsp_server.runtime_command import run as runtime
from mellum_ls.runtime.client.launch import RuntimeOptions
from tests.fakes.checkpoints import write_checkpoint


@pytest.fixture
def options(tmp_path: Path) -> RuntimeOptions:
    (tmp_path / "model").mkdir()
    return RuntimeOptions(tmp_path / "run", tmp_path / "cache", model=str(tmp_path / "model"))


def by_name(found: list[Check]) -> dict[str, Check]:
    return {check.name: check for check in found}


@contextmanager
def listening(path: Path) -> Iterator[socket.socket]:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        yield listener


def test_nothing_runs_and_nothing_is_made(options: RuntimeOptions) -> None:
    found = by_name(checks(options))
    assert {name: check.state for name, check in found.items()} == {"socket folder": "ok", "model process": "ok"}
    assert not options.runtime_dir.exists()
    assert not options.cache_dir.exists()


def test_a_folder_that_others_can_reach_is_a_failure(options: RuntimeOptions) -> None:
    options.runtime_dir.mkdir()
    options.runtime_dir.chmod(0o755)
    (check,) = checks(options)
    assert check.state == "failure"
    assert "mode 0755" in check.says
    options.runtime_dir.chmod(0o700)
    assert checks(options)[0].state == "ok"


@pytest.mark.parametrize("target", ["elsewhere", "nowhere"])
def test_a_folder_that_is_a_link_is_a_failure(tmp_path: Path, options: RuntimeOptions, target: str) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    options.runtime_dir.symlink_to(tmp_path / target)
    assert checks(options)[0].state == "failure"
    assert not (tmp_path / "nowhere").exists()


def test_sockets_of_dead_processes_are_told_from_those_of_living_ones(options: RuntimeOptions) -> None:
    dead, alive = options.runtime_dir / "dead.sock", options.runtime_dir / "alive.sock"
    with listening(dead):
        pass
    (options.runtime_dir / "torn.token").write_text("{")
    with listening(alive):
        found = by_name(checks(options))
    assert found["stale sockets"].state == "note"
    assert found["stale sockets"].listed == (str(dead), str(options.runtime_dir / "torn.token"))
    assert found["other processes"].listed == (str(alive),)
    assert dead.exists()


def test_a_process_that_does_not_answer_is_a_failure(options: RuntimeOptions) -> None:
    with listening(options.address().socket_path):
        found = by_name(checks(options, answer_seconds=0.2))
    assert found["model process"].state == "failure"
    assert found["model process"].says.endswith("has not answered for 0.2 s")
    assert "mellum-ls runtime stop" in found["model process"].remedy
    assert "other processes" not in found


def test_a_model_that_is_not_there_has_no_process(tmp_path: Path, options: RuntimeOptions) -> None:
    with listening(options.runtime_dir / "alive.sock"):
        found = by_name(checks(RuntimeOptions(options.runtime_dir, tmp_path, model=str(tmp_path / "no"))))
    assert found["model process"].state == "note"
    assert "other processes" in found


def test_a_place_too_deep_for_a_socket(tmp_path: Path, options: RuntimeOptions) -> None:
    deep = RuntimeOptions(tmp_path / ("d" * 100), tmp_path, model=options.model)
    found = by_name(checks(deep))
    assert found["model process"].state == "failure"
    assert "MELLUM_RUNTIME_DIR" in found["model process"].says


def test_a_real_process_is_described(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MELLUM_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.setenv("MELLUM_CACHE_DIR", str(tmp_path / "cache"))
    model = write_checkpoint(tmp_path / "model")
    options = RuntimeOptions(tmp_path / "run", tmp_path / "cache", model=str(model))
    said: list[str] = []
    try:
        assert runtime("start", str(model), as_json=True, out=said.append) == 0
        found = by_name(checks(options))
    finally:
        runtime("stop", str(model), as_json=True, out=said.append)
    process = found["model process"]
    assert process.state == "ok"
    assert str(model) in process.says
    assert f"process {json.loads(said[0])['pid']}," in process.listed[0]


def test_one_that_could_not_load_its_model_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MELLUM_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.setenv("MELLUM_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "model").mkdir()
    options = RuntimeOptions(tmp_path / "run", tmp_path / "cache", model=str(tmp_path / "model"))
    said: list[str] = []
    try:
        assert runtime("start", options.model, as_json=True, out=said.append) == 0
        state = "loading"
        while state == "loading":  # each question and its answer are some milliseconds of the process's start
            assert runtime("status", options.model, as_json=True, out=said.append) == 0
            state = json.loads(said[-1])["state"]
        process = by_name(checks(options))["model process"]
    finally:
        runtime("stop", options.model, as_json=True, out=said.append)
    assert process.state == "failure"
    assert any("config.json" in line for line in process.listed)
    assert os.path.exists(process.remedy.removeprefix("the whole reason is in "))
