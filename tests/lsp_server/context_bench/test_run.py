"""The whole benchmark over a made-up pair of releases, with the real index and engine and a small random model."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from mellum_ls.lsp_server import cli
from mellum_ls.lsp_server.context_bench import releases, run
from mellum_ls.lsp_server.context_bench.arms import nothing
from mellum_ls.lsp_server.context_bench.cases import Case
from mellum_ls.lsp_server.context_bench.run import CHARS_PER_TOKEN, question
from tests.fakes.checkpoints import small_config, write_checkpoint
from tests.fakes.two_releases import NEW, OLD, write

LISTING = 'package = [{ registry = "pypi", name = "shop", old = "1.0", new = "1.1" }]\n'


@pytest.fixture
def options(tmp_path: Path) -> list[str]:
    """Releases that were fetched before: nobody is asked for them again."""
    for release, files in (("1.0", OLD), ("1.1", NEW)):
        metadata = {f"shop-{release}.dist-info/METADATA": "Name: shop\nLicense-Expression: MIT\n\n"}
        write(tmp_path / f"data/releases/pypi/shop-{release}", {**files, **metadata})
    listing = tmp_path / "packages.toml"
    listing.write_text(LISTING)
    return ["bench", "context", f"--packages={listing}", f"--data={tmp_path / 'data'}"]


def test_all_figures_are_printed_and_written_and_no_answer_is_asked_for_twice(
    tmp_path: Path, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    model = write_checkpoint(tmp_path / "model", small_config(max_position_embeddings=8192))
    everything = [*options, "--budget=512", f"--model={model}", f"--json={tmp_path / 'figures.json'}"]
    assert cli.main(everything) == 0
    first = capsys.readouterr().out
    figures: dict[str, Any] = json.loads((tmp_path / "figures.json").read_text())
    assert figures["kinds"]["inproject"] == figures["recall"]["ours"]["cases"] == figures["quality"]["cases"] >= 2
    assert figures["packages"] == [{"name": "shop", "old": "1.0", "new": "1.1", "licence": "MIT"}]
    assert figures["recall"]["ours"]["recall"]["8192"]["recall"] == 1.0
    prompts = {arm: found["prompt_tokens_mean"] for arm, found in figures["quality"]["arms"].items()}
    assert prompts["none"] < prompts["oracle"] < prompts["ours"]
    assert "| ours | 100.0 %" in first
    written = (tmp_path / "data/cases.jsonl").read_text().splitlines()
    assert len(written) == figures["recall"]["ours"]["cases"]
    log = (tmp_path / "data/scores.jsonl").read_text()
    assert cli.main(everything) == 0
    assert (tmp_path / "data/scores.jsonl").read_text() == log
    assert json.loads((tmp_path / "figures.json").read_text())["quality"] == figures["quality"]


def test_without_targets_no_model_is_loaded(
    tmp_path: Path, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([*options, "--scored=0", "--model=/no/such/model", "--cases=1"]) == 0
    assert "perplexity" not in capsys.readouterr().out
    assert not (tmp_path / "data/scores.jsonl").exists()
    assert len((tmp_path / "data/cases.jsonl").read_text().splitlines()) == 1


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("--cases=0", "--cases is '0'"),
        ("--cases=x", "--cases is 'x'"),
        ("--scored=-1", "--scored is '-1'"),
        ("--budget=9", "--budget is '9'; use a whole number of 64 or more"),
        ("--packages=/no/such/list", "/no/such/list"),
    ],
)
def test_a_wrong_option_is_named(
    options: list[str], capsys: pytest.CaptureFixture[str], option: str, words: str
) -> None:
    assert cli.main([*options, option]) == 2
    assert words in capsys.readouterr().err


def test_a_release_that_cannot_be_had_ends_it(
    tmp_path: Path, options: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(releases.sys, "executable", os.devnull)
    (tmp_path / "packages.toml").write_text(LISTING.replace("1.1", "9.9"))
    assert cli.main(options) == 1
    assert "shop 9.9 cannot be fetched" in capsys.readouterr().err


def test_a_model_that_is_not_there_ends_it(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([*options, "--model=/no/such/model"]) == 1
    assert "model process has ended" in capsys.readouterr().err


def test_an_interrupt_is_told(
    options: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(plan: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "measure", interrupted)
    assert cli.main(options) == run.INTERRUPTED
    assert "answers so far are kept" in capsys.readouterr().err


@pytest.mark.parametrize("prefix", ["    x = ", "a = 1\n    x = ", "a = 1\n" * 400 + "x = "])
def test_a_question_shows_what_stands_around_the_cursor(prefix: str) -> None:
    case = Case("k", "p", "python", "m.py", "inproject", prefix, "target", "\nrest = 1\nend", "n", (), ())
    asked = question(case, nothing, 2048)
    shown = asked["prefix"]
    assert isinstance(shown, str)
    assert prefix.endswith(shown)
    assert shown.endswith("x = ")
    assert len(shown) <= run.PREFIX_CHARS
    assert asked["suffix"] == "\nrest = 1\nend\n"
    budgets: list[int] = []

    def note(case: Case, chars: int) -> tuple[tuple[str, str], ...]:
        budgets.append(chars)
        return (("a.py", "x"),)

    assert question(case, note, 100)["context"] == (("a.py", "x"),)
    assert budgets == [int(100 * CHARS_PER_TOKEN)]
