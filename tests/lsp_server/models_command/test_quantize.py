import argparse
import json
import subprocess
import sys
from pathlib import Path

import pytest

from mellum_ls.lsp_server import cli
from mellum_ls.lsp_server.models_command import quantize
from mellum_ls.lsp_server.models_command.quantize import INTERRUPTED, add, run
from mellum_ls.runtime.packed import __main__ as child


def parsed(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add(parser.add_subparsers())
    return parser.parse_args(["quantize", *arguments])


def test_the_child_gets_what_was_given_and_its_code_comes_back(tmp_path: Path) -> None:
    file = tmp_path / "argv"
    code = f"import json, sys; json.dump(sys.argv[1:], open({str(file)!r}, 'w')); sys.exit(7)"
    assert run(parsed("a b", "--out", "o"), program=(sys.executable, "-P", "-c", code)) == 7
    given = json.loads(file.read_text())
    assert given == ["--model=a b", "--format=int4", "--out=o"]
    assert vars(child.parse_arguments(given)) == {"model": "a b", "format": "int4", "out": Path("o")}


def test_both_sides_know_the_same_formats() -> None:
    assert quantize.FORMATS == child.FORMATS


def test_an_interrupt_ends_it_quietly(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(subprocess, "run", interrupted)
    assert run(parsed()) == INTERRUPTED


def test_the_command_leads_here(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[argparse.Namespace] = []
    monkeypatch.setattr(quantize, "run", lambda some: seen.append(some) or 5)
    assert cli.main(["models", "quantize", "m", "--format", "int8"]) == 5
    assert (seen[0].model, seen[0].format, seen[0].out) == ("m", "int8", None)
