import json
import subprocess
import sys
from pathlib import Path

import pytest

from mellum_ls.lsp_server.cli import main
from mellum_ls.lsp_server.demo.play import NEEDED
from mellum_ls.lsp_server.runtime_command import run as runtime_command
from tests.fakes.checkpoints import small_config, write_checkpoint
from tests.fakes.lsp_client import isolated_environment

DEMO = (sys.executable, "-P", "-m", "mellum_ls.lsp_server", "demo", "--fast")


def test_the_demo_shows_suggestions_tells_its_figures_and_leaves_nothing_running(tmp_path: Path) -> None:
    model = write_checkpoint(tmp_path / "tiny", small_config())
    scratch = tmp_path / "tmp"
    scratch.mkdir()
    environment = isolated_environment(tmp_path, MELLUM_THREADS="1", TMPDIR=str(scratch), COLUMNS="80")
    figures = tmp_path / "figures.json"
    done = subprocess.run(
        [*DEMO, "--model", str(model), "--json", str(figures)],
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    assert done.stderr == ""
    found = json.loads(figures.read_text(encoding="utf-8"))
    assert found["shown"] == len(found["suggestions"]) >= NEEDED
    assert found["requests"] == found["shown"] + found["empty"] + found["cancelled"]
    assert sum(found["accepted"].values()) == found["shown"]
    assert 0 < found["computed_tokens"] < found["prompt_tokens"]
    assert found["generated_tokens"] > 0
    assert 0 < found["first_token_ms"]["p50"] <= found["total_ms"]["p95"]
    assert (found["model"], found["device"], found["mode"]) == ("tiny", "cpu", "fast")
    for entry in found["suggestions"]:
        assert entry["truth"].startswith(entry["accepted_text"])
    assert "What happened" in done.stdout
    assert "\x1b" not in done.stdout
    assert list(scratch.iterdir()) == []


def isolate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in isolated_environment(tmp_path).items():
        if name.startswith("MELLUM_"):
            monkeypatch.setenv(name, value)


def test_the_model_process_is_gone_afterwards_but_not_one_that_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    isolate(tmp_path, monkeypatch)
    model = str(tmp_path / "no-weights")
    Path(model).mkdir()
    arguments = ["demo", "--fast", "--model", model]
    assert main(arguments) == 1
    assert "config.json" in capsys.readouterr().err
    assert runtime_command("status", model, as_json=True, out=lambda _: None) == 1
    runtime_command("start", model, as_json=True, out=lambda _: None)
    assert main(arguments) == 1
    assert runtime_command("stop", model, as_json=True, out=print) == 0
    assert '"stopped": true' in capsys.readouterr().out


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [("--model", "nowhere", "nowhere"), ("--repo", "nowhere", "not a folder"), ("--repo", ".", "no Python files")],
)
def test_what_cannot_be_started_is_told_in_a_sentence(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    option: str,
    value: str,
    words: str,
) -> None:
    isolate(tmp_path, monkeypatch)
    monkeypatch.chdir(tmp_path)
    assert main(["demo", "--fast", option, value]) == 1
    message = capsys.readouterr().err
    assert message.startswith("mellum-ls demo: ")
    assert words in message
