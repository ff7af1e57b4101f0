import argparse
import json
import subprocess
import sys
from pathlib import Path

import pytest

from mellum_ls.lsp_server import bench_command, cli
from mellum_ls.lsp_server.bench_command import INTERRUPTED, run
from mellum_ls.lsp_server.keystrokes import run as keystrokes_run
from mellum_ls.runtime.bench import kernels_command
from tests.fakes.checkpoints import write_checkpoint


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-P", "-c", code)


def test_the_child_gets_the_options_that_were_given_and_its_code_comes_back(tmp_path: Path) -> None:
    file = tmp_path / "argv"
    code = f"import json, sys; json.dump(sys.argv[1:], open({str(file)!r}, 'w')); sys.exit(7)"
    assert run("decode", {"model": "a b", "tokens": None, "json": "-x"}, program=python(code)) == 7
    assert json.loads(file.read_text()) == ["decode", "--model=a b", "--json=-x"]


def test_a_killed_child_is_told_as_shells_do() -> None:
    code = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    assert run("decode", {}, program=python(code)) == 128 + 9


def test_an_interrupt_ends_it_quietly(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(subprocess, "run", interrupted)
    assert run("decode", {}) == INTERRUPTED


@pytest.mark.parametrize("benchmark", ["decode", "prefill"])
def test_the_command_passes_everything_on(monkeypatch: pytest.MonkeyPatch, benchmark: str) -> None:
    calls: list[tuple[str, dict[str, str | None]]] = []

    def note(benchmark: str, options: dict[str, str | None]) -> int:
        calls.append((benchmark, options))
        return 5

    monkeypatch.setattr(bench_command, "run", note)
    given = {"model": "m", "tokens": "3", "context": "4", "repeats": "6", "against": "transformers", "json": "f"}
    given |= {"format": "int4", "synthetic": "nano", "seed": "1"}
    assert cli.main(["bench", benchmark, *[f"--{name}={value}" for name, value in given.items()]]) == 5
    assert cli.main(["bench", benchmark]) == 5
    more = {"drafting": None, "prompts": None, "explain": False} if benchmark == "decode" else {}
    assert calls == [(benchmark, given | more), (benchmark, dict.fromkeys(given) | more)]


@pytest.mark.parametrize("arguments", [["bench"], ["bench", "nonsense"], ["bench", "decode", "--unknown"]])
def test_wrong_arguments_are_refused(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as fault:
        cli.main(arguments)
    assert fault.value.code == 2


def test_the_real_benchmark(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    model = write_checkpoint(tmp_path / "tiny")
    out = tmp_path / "out.json"
    short = ["--context=16", "--tokens=2", "--repeats=5"]
    assert cli.main(["bench", "decode", f"--model={model}", f"--json={out}", *short]) == 0
    assert json.loads(out.read_text())["model"] == "tiny"
    assert "decode tok/s" in capfd.readouterr().out


def test_keystrokes_run_here_with_their_own_options(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[argparse.Namespace] = []

    def note(parsed: argparse.Namespace) -> int:
        given.append(parsed)
        return 4

    monkeypatch.setattr(keystrokes_run, "main", note)
    assert cli.main(["bench", "keystrokes", "--recording=r", "--limit=3", "--overtake", "--json=f", "--model=m"]) == 4
    assert cli.main(["bench", "keystrokes", "--before=a", "--after=b", "--pin=2"]) == 4
    names = ("recording", "before", "after", "limit", "pin", "overtake", "json", "model")
    assert [tuple(getattr(parsed, name) for name in names) for parsed in given] == [
        ("r", None, None, "3", None, True, "f", "m"),
        (None, "a", "b", None, "2", False, None, None),
    ]


def test_kernels_take_every_option_that_the_child_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    child = argparse.ArgumentParser()
    kernels_command.add_arguments(child)
    calls: list[dict[str, str | bool | None]] = []
    monkeypatch.setattr(bench_command, "run", lambda benchmark, options: calls.append(options) or 0)
    assert cli.main(["bench", "kernels", "--compiled", "--formats=int4"]) == 0
    assert set(calls[0]) == set(vars(child.parse_args([])))
    assert (calls[0]["compiled"], calls[0]["static"], calls[0]["formats"]) == (True, False, "int4")
