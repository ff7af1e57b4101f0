"""The command itself: prints, keeps, goes on, and names what is wrong."""

import gzip
import json
from pathlib import Path

import pytest

from mellum_ls.runtime.errors import SettingError
from mellum_ls.runtime.nano import evaluate
from mellum_ls.runtime.nano.answers import load
from mellum_ls.runtime.nano.evaluate import Results, machine, main
from tests.fakes.checkpoints import small_config, write_checkpoint

TEXT = "def area(width, height):\n    total = width * height\n    return total\n"
PROBLEM = {
    "task_id": "Made/0/L0",
    "prompt": "def double(x):\n",
    "suffix": "    return y\n",
    "canonical_solution": "    y = 2 * x\n",
    "test": "\ndef check(candidate):\n    assert candidate(4) == 8\n",
    "entry_point": "double",
}


@pytest.fixture
def arguments(tmp_path: Path) -> list[str]:
    model = write_checkpoint(tmp_path / "model", small_config(max_position_embeddings=2048))
    corpus = tmp_path / "heldout.jsonl"
    rows = [{"package": "p", "version": "1", "path": f"p/{i}.py", "text": TEXT} for i in range(6)]
    corpus.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    with gzip.open(tmp_path / "problems.jsonl.gz", "wt") as file:
        file.write(json.dumps(PROBLEM) + "\n")
    options = {"--model": model, "--heldout": corpus, "--humaneval": tmp_path / "problems.jsonl.gz"}
    results = {"--json": tmp_path / "out.json", "--markdown": tmp_path / "card.md", "--limit": 4, "--workers": 1}
    return [str(part) for pair in {**options, **results}.items() for part in pair]


def test_one_command_prints_and_keeps_all_figures(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 0
    printed = capsys.readouterr().out
    assert "Single-line holes, exact match" in printed
    assert machine() in printed
    kept = json.loads((tmp_path / "out.json").read_text())
    assert kept["machine"] == machine()
    assert set(kept["sections"]) == set(evaluate.SECTIONS) - {"baseline"}
    assert "| Single-line holes, exact match |" in (tmp_path / "card.md").read_text()


def test_a_second_run_computes_only_what_is_missing(arguments: list[str], tmp_path: Path) -> None:
    assert main([*arguments, "--section", "single_line"]) == 0
    first = json.loads((tmp_path / "out.json").read_text())["sections"]["single_line"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(evaluate.SECTIONS, "single_line", lambda bench: pytest.fail("computed again"))
        assert main([*arguments, "--section", "single_line", "next_token"]) == 0
    second = json.loads((tmp_path / "out.json").read_text())["sections"]
    assert second["single_line"] == first
    assert "next_token" in second


def test_other_weights_are_measured_again(arguments: list[str], tmp_path: Path) -> None:
    section = ["--section", "next_token"]
    assert main([*arguments, *section]) == 0
    first = json.loads((tmp_path / "out.json").read_text())["sections"]["next_token"]
    write_checkpoint(tmp_path / "model", small_config(max_position_embeddings=2048), seed=1)
    evaluate._digest.cache_clear()
    load.cache_clear()
    assert main([*arguments, *section]) == 0
    second = json.loads((tmp_path / "out.json").read_text())["sections"]["next_token"]
    assert second["inputs"] != first["inputs"]
    assert second["figures"]["bits_per_byte"] != first["figures"]["bits_per_byte"]


def test_faults_of_the_user_end_with_a_sentence(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments, "--heldout", str(tmp_path / "none.jsonl")]) == 2
    assert "none.jsonl" in capsys.readouterr().err
    assert main([*arguments, "--model", str(tmp_path / "nowhere")]) == 2
    assert "nowhere" in capsys.readouterr().err
    (tmp_path / "out.json").write_text("[]")
    with pytest.raises(SettingError, match=r"out\.json"):
        Results(tmp_path / "out.json")
