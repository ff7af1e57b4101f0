import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mellum_ls.lsp_server.cli import main
from mellum_ls.runtime.environment import model_directory
from tests.fakes.lsp_client import isolated_environment

BENCH = (sys.executable, "-P", "-m", "mellum_ls.lsp_server", "bench", "keystrokes")
SHOP = Path(__file__).parent / "shop_session.json"
NANO = model_directory(None)


@pytest.fixture
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty folder for temporary files; its short path leaves room for a socket's name."""
    return tmp_path_factory.mktemp("t")


def bench(tmp_path: Path, scratch: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the command with its temporary files in `scratch`, and whatever else it might leave under `tmp_path`."""
    environment = isolated_environment(tmp_path, MELLUM_THREADS="1", TMPDIR=str(scratch))
    return subprocess.run([*BENCH, *options], env=environment, capture_output=True, encoding="utf-8", check=False)


@pytest.mark.skipif(not (NANO / "model.safetensors").exists(), reason="the embedded model has not been built")
def test_a_recording_is_typed_into_the_real_server_and_the_real_model(tmp_path: Path, scratch: Path) -> None:
    file = tmp_path / "figures.json"
    done = bench(tmp_path, scratch, f"--recording={SHOP}", "--limit=15", f"--json={file}")
    assert done.returncode == 0, done.stderr
    assert done.stderr == "typing shop_session, 15 requests ...\n"
    assert "computed tokens" in done.stdout
    found = json.loads(file.read_text(encoding="utf-8"))
    assert (found["model"], found["requests"], found["errors"], found["cancelled"]) == ("mellum2-nano", 15, 0, 0)
    assert found["model_calls"] + found["answered_from_cache"] >= 1
    assert found["server"]["requests"] == 15
    assert 0 < found["shown"] <= 15
    # Typing at one place adds a token or two to a prompt that is there already; the slip is taken back once.
    assert found["computed_tokens_median"] <= 4
    assert 0.7 < found["reuse"] < 1
    assert found["equal_states"] == found["equal_prompts"] == found["equal_answers"]
    # Keys along a suggestion, and the one that takes the slip back, are no matter for the model.
    assert found["answered_from_cache"] >= 1
    assert found["model_calls"] < 15
    assert (found["pinned_files"], found["pinned_chars"]) == (1, 74)
    assert 0 < found["first_token_ms"]["p50"] <= found["total_ms"]["p95"]
    # The model process was this run's alone and is gone, and so are its folders.
    assert list(scratch.iterdir()) == []
    assert not (tmp_path / "run").exists()


@pytest.mark.skipif(not (NANO / "model.safetensors").exists(), reason="the embedded model has not been built")
def test_two_versions_are_typed_and_answers_overtaken(tmp_path: Path, scratch: Path) -> None:
    for name, text in (("before", "def add(a, b):\n"), ("after", "def add(a, b):\n    return a + b\n")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.py").write_text(text, encoding="utf-8")
    file = tmp_path / "figures.json"
    pair = (f"--before={tmp_path / 'before'}", f"--after={tmp_path / 'after'}")
    done = bench(tmp_path, scratch, *pair, "--overtake", "--pin=0", f"--json={file}")
    assert done.returncode == 0, done.stderr
    found = json.loads(file.read_text(encoding="utf-8"))
    # The indent, which an editor adds to a line end, is typed with the lines: "    return a + b\n".
    assert (found["requests"], found["errors"], found["pinned_files"]) == (17, 0, 0)
    server = found["server"]
    assert server["requests"] == server["answered"] + server["empty"] + server["superseded"] == 17
    assert found["cancelled"] > 0
    assert "answers overtaken" in done.stdout


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([], "--recording FILE, or --before DIR and --after DIR"),
        (["--before=."], "--recording FILE, or --before DIR and --after DIR"),
        ([f"--recording={SHOP}", "--before=.", "--after=."], "--recording FILE, or --before DIR and --after DIR"),
        (["--recording=nowhere.json"], "nowhere.json cannot be read"),
        (["--before=.", "--after=nowhere"], "nowhere is not a folder"),
        ([f"--recording={SHOP}", "--model=nowhere"], "model 'nowhere' is not a folder"),
        ([f"--recording={SHOP}", "--pin=-1"], "--pin is '-1'; use a whole number of 0 or more or all"),
        ([f"--recording={SHOP}", "--limit=0"], "--limit is '0'; use a whole number of 1 or more"),
        ([f"--recording={SHOP}", "--read-within=0"], "--read-within is '0'; use seconds, more than 0"),
        ([f"--recording={SHOP}", "--read-within=soon"], "--read-within is 'soon'; use seconds"),
        ([f"--recording={SHOP}", "--pinned-chars=many"], "--pinned-chars is 'many'; use a whole number of 0 or more"),
    ],
)
def test_wrong_input_is_told_in_a_sentence(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["bench", "keystrokes", *options]) == 2
    said = capsys.readouterr()
    assert said.err.startswith("mellum-ls bench keystrokes: ")
    assert words in said.err
    assert said.out == ""


def test_a_recording_without_typing_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = [entry for entry in json.loads(SHOP.read_text(encoding="utf-8"))["log"] if entry["kind"] != "changed"]
    still = tmp_path / "still.json"
    # The first entries only: without the edits, later selections lie outside of the texts.
    still.write_text(json.dumps({"log": log[:16]}), encoding="utf-8")
    assert main(["bench", "keystrokes", f"--recording={still}"]) == 2
    assert "in still nobody types at the caret" in capsys.readouterr().err


def test_an_answer_that_does_not_come_is_told_though_the_error_says_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def late(plan: object, scratch: Path) -> dict[str, Any]:
        raise TimeoutError

    monkeypatch.setattr("mellum_ls.lsp_server.keystrokes.run._run", late)
    assert main(["bench", "keystrokes", f"--recording={SHOP}"]) == 1
    assert capsys.readouterr().err == "mellum-ls bench keystrokes: the server did not answer in time\n"


def test_a_model_that_cannot_be_loaded_gives_no_figure(tmp_path: Path, scratch: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = bench(tmp_path, scratch, f"--recording={SHOP}", f"--model={tmp_path / 'empty'}")
    assert done.returncode == 1
    assert "the model is not available" in done.stderr
    assert "config.json" in done.stderr
    assert list(scratch.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="there is no Unix socket there")
def test_a_folder_with_too_long_a_path_for_a_socket_is_told(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 80)
    deep.mkdir()
    done = bench(tmp_path, deep, f"--recording={SHOP}")
    assert done.returncode == 2
    assert "set TMPDIR to a shorter one" in done.stderr
    assert list(deep.iterdir()) == []


def test_the_server_may_choose_the_code_of_other_files(tmp_path: Path, scratch: Path) -> None:
    file = tmp_path / "figures.json"
    done = bench(tmp_path, scratch, f"--recording={SHOP}", "--limit=6", "--context=3000", f"--json={file}")
    assert done.returncode == 0, done.stderr
    found = json.loads(file.read_text(encoding="utf-8"))
    assert (found["pinned_files"], found["context_chars"], found["errors"]) == (0, 3000, 0)
    assert "chosen by the server at most 3000 characters" in done.stdout
