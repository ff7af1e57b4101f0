"""Problems in the published format, with tests that really run."""

import gzip
import json
from pathlib import Path

import pytest

from mellum_ls.runtime.errors import SettingError
from mellum_ls.runtime.nano.humaneval import read_problems, score

ROW = {
    "task_id": "Made/0/L0",
    "prompt": "def double(x):\n",
    "suffix": "    return y\n",
    "canonical_solution": "    y = 2 * x\n",
    "test": "\ndef check(candidate):\n    assert candidate(4) == 8\n",
    "entry_point": "double",
}


def write(path: Path, rows: list[dict[str, str]]) -> Path:
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.write("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_suggestions_are_scored_by_running_the_tests(tmp_path: Path) -> None:
    problems = read_problems(write(tmp_path / "p.jsonl.gz", [ROW] * 4))
    passes = score(problems, ["    y = 2 * x", "    y = x + x", "    y = x", "    y = "])
    assert passes.problems == 4
    assert passes.pass_at_1 == 0.5
    assert passes.exact_match == 0.25
    assert passes.pass_empty == 0.0
    assert passes.timeouts == 0


def test_a_line_that_changes_nothing_passes_when_empty(tmp_path: Path) -> None:
    row = {**ROW, "prompt": "def double(x):\n    y = 2 * x\n", "canonical_solution": "    x = 0\n"}
    passes = score(read_problems(write(tmp_path / "p.jsonl.gz", [row])), ["    while True: pass"])
    assert (passes.pass_empty, passes.pass_at_1, passes.timeouts) == (1.0, 0.0, 1)


def test_the_prompt_is_what_an_editor_shows(tmp_path: Path) -> None:
    (problem,) = read_problems(write(tmp_path / "p.jsonl.gz", [ROW]))
    assert problem.prompt.prefix + problem.prompt.suffix == "def double(x):\n\n    return y\n"


def test_other_files_are_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "plain.jsonl").write_text(json.dumps(ROW))
    for path in (tmp_path / "plain.jsonl", tmp_path / "none.gz", write(tmp_path / "x.gz", [{"task_id": "a"}])):
        with pytest.raises(SettingError, match=path.name):
            read_problems(path)
