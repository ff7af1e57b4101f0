import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from mellum_ls.lsp_server.runtime_command import run
from mellum_ls.runtime.client import launch
from mellum_ls.runtime.client.messages import RuntimeStatus
from tests.fakes.checkpoints import write_checkpoint

ENGINE = {
    "parameters": 19_000_000,
    "dtype": "float32",
    "device": "cpu",
    "sessions": 2,
    "kv_bytes": 8_400_000,
    "kv_bytes_most": 1_000_000_000,
    "computed_tokens": 25,
    "reused_tokens": 975,
}
READY = RuntimeStatus(
    state="ready",
    pid=7,
    version="0.1.0",
    model="/m",
    uptime_s=3.0,
    clients=1,
    active=1,
    queued={"inline": 0, "action": 2, "warm_up": 1},
    idle_seconds=1800.0,
    cache_idle_seconds=300.0,
    rss_mb=301.4,
    completed=9,
    cancelled=8,
    superseded=7,
    failed=6,
    preempted=5,
    engine=ENGINE,
)


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
    assert lines[0].split("\n") == [
        "ready: /m",
        "process 7, mellum-ls 0.1.0, up 3 s, 301 MB resident",
        "19.0 million parameters in float32 on cpu",
        "cache: sessions 2, 8.4 of at most 1,000 MB, 97.5% of 1,000 prompt tokens reused",
        "now: clients 1, completions under way 1, waiting 2 action, 1 warm_up",
        "so far: 9 completed, 8 cancelled, 7 superseded, 6 failed; 5 times one was put aside for a more urgent one",
        "frees its cache after 300 s without completions, ends after 1800 s without clients",
    ]
    assert run("status", None, as_json=True, out=lines.append) == 0
    assert json.loads(lines[1]) == asdict(READY)


def test_a_process_that_still_loads_says_what_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    loading = replace(READY, state="loading", engine={}, queued={}, rss_mb=0.0, error="slow disk")
    monkeypatch.setattr(launch, "status", lambda options: loading)
    lines: list[str] = []
    assert run("status", None, as_json=False, out=lines.append) == 0
    assert lines[0].split("\n")[:4] == [
        "loading: /m",
        "error: slow disk",
        "process 7, mellum-ls 0.1.0, up 3 s",
        "now: clients 1, completions under way 1, waiting none",
    ]


def test_a_real_process_before_its_first_completion(tmp_path: Path) -> None:
    model = str(write_checkpoint(tmp_path / "model"))
    lines: list[str] = []
    try:
        assert run("start", model, as_json=False, out=lines.append) == 0
        state = ""
        while state != "ready":  # each question and its answer are some milliseconds of the process's start
            assert run("status", model, as_json=True, out=lines.append) == 0
            state = json.loads(lines[-1])["state"]
            assert state != "failed"
        assert run("status", model, as_json=False, out=lines.append) == 0
    finally:
        run("stop", model, as_json=True, out=lines.append)
    cache = lines[-2].split("\n")[3]
    assert cache.startswith("cache: sessions 0, 0.0 of at most ")
    assert cache.endswith(" MB")
