import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from mellum_ls.runtime.bench.__main__ import main, parse_arguments
from mellum_ls.runtime.threads import default_threads
from tests.fakes.checkpoints import write_checkpoint

SHORT = ["--context=40", "--tokens=4", "--repeats=5"]


@pytest.fixture(autouse=True)
def threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MELLUM_THREADS", raising=False)
    monkeypatch.delenv("MELLUM_MODEL", raising=False)


@pytest.fixture(scope="module")
def model_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp("bench") / "tiny")


def test_against_transformers_end_to_end(model_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "out.json"
    assert main(["decode", f"--model={model_dir}", "--against=transformers", f"--json={file}", *SHORT]) == 0
    found = json.loads(file.read_text())
    assert (found["benchmark"], found["model"]) == ("decode", "tiny")
    assert (found["context"], found["tokens"], found["repeats"]) == (40, 4, 5)
    assert found["tok_s"] > 0
    assert found["prefill_tok_s"] > 0
    assert found["threads"] == default_threads()
    assert found["against"]["same_tokens"] is True
    assert found["against"]["ratio"]["tok_s"]["min"] > 0
    printed = capsys.readouterr()
    assert "ratio decode tok/s" in printed.out
    assert "measuring tiny" in printed.err


def test_the_environment_names_model_and_threads(
    model_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MELLUM_MODEL", str(model_dir))
    monkeypatch.setenv("MELLUM_THREADS", str(default_threads() + 1))
    file = tmp_path / "out.json"
    assert main(["prefill", f"--json={file}", *SHORT]) == 0
    found = json.loads(file.read_text())
    assert (found["benchmark"], found["model"]) == ("prefill", "tiny")
    assert found["threads"] == default_threads() + 1
    assert found["against"] is None


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["decode", "--model=/nowhere/at/all"], "/nowhere/at/all"),
        (["decode", "--tokens=1"], "tokens 1"),
        (["decode", "--repeats=2"], "2 repeats"),
        (["decode", "--context=600"], "512 positions"),
    ],
)
def test_a_fault_is_one_line_and_code_1(
    model_dir: Path, arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    kind, *given = arguments
    model = [] if given[0].startswith("--model") else [f"--model={model_dir}"]
    assert main([kind, *model, *[option for option in SHORT if option.split("=")[0] not in given[0]], *given]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert reason in printed.err.splitlines()[-1]


def test_nothing_named_is_the_embedded_model_at_the_benchmarks_own_length() -> None:
    decode, prefill = parse_arguments(["decode"]), parse_arguments(["prefill"])
    assert decode.model is prefill.model is None
    assert prefill.context > decode.context
    assert prefill.tokens < decode.tokens


@pytest.mark.parametrize(
    "arguments", [[], ["nonsense"], ["decode", "--tok=3"], ["decode", "--tokens=x"], ["decode", "--against=x"]]
)
def test_wrong_arguments_are_refused(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as fault:
        parse_arguments(arguments)
    assert fault.value.code == 2
