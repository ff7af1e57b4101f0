import json
from pathlib import Path

import pytest

from mellum_ls.lsp_server.runtime_command import run
from mellum_ls.runtime.client import launch
from mellum_ls.runtime.client.messages import RuntimeStatus

READY = RuntimeStatus("ready", 7, "0.1.0", "/m", 3.0, 1, 0, 0, 1800.0, engine={"dtype": "float32"})


@pytest.fixture(autouse=True)
def isolated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MELLUM_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.setenv("MELLUM_CACHE_DIR", str(tmp_path / "cache"))


def test_nothing_runs(tmp_path: Path) -> None:
    lines: list[str] = []
    assert run("status", str(tmp_path), as_json=True, out=lines.append) == 1
    assert run("stop", str(tmp_path), as_json=True, out=lines.append) == 0
    assert [json.loads(line) for line in lines] == [
        {"state": "stopped"},
        {"state": "stopped", "stopped": False},
    ]
    assert run("status", str(tmp_path), as_json=False, out=lines.append) == 1
    assert lines[-1] == "no model process is running"


@pytest.mark.parametrize("action", ["start", "status", "stop"])
def test_a_model_that_is_not_there_is_named(tmp_path: Path, action: str) -> None:
    lines: list[str] = []
    assert run(action, str(tmp_path / "nowhere"), as_json=False, out=lines.append) == 1
    assert "nowhere" in lines[0]


def test_a_running_process_in_words_and_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "start", lambda options: READY)
    monkeypatch.setattr(launch, "status", lambda options: READY)
    lines: list[str] = []
    assert run("start", None, as_json=False, out=lines.append) == 0
    assert "ready: /m" in lines[0]
    assert "dtype: float32" in lines[0]
    assert run("status", None, as_json=True, out=lines.append) == 0
    assert json.loads(lines[1])["engine"] == {"dtype": "float32"}
