"""The child is a small program that says what it was asked, so that what is kept and what is asked again shows."""

import json
import sys
from pathlib import Path

import pytest

from mellum_ls.lsp_server.context_bench.scoring import NoScore, Scorer
from tests.fakes.checkpoints import small_config, write_checkpoint

ECHO = """
import json, sys
print(json.dumps({"model": sys.argv[1:]}), flush=True)
for line in sys.stdin:
    question = json.loads(line)
    if question.get("die"):
        sys.exit(3)
    print(json.dumps({"error": "no"} if question.get("bad") else {"saw": question, "argv": sys.argv[1:]}), flush=True)
"""


def program(code: str = ECHO) -> tuple[str, ...]:
    return (sys.executable, "-P", "-c", code)


def test_a_question_is_asked_once_over_all_runs(tmp_path: Path) -> None:
    log = tmp_path / "deep" / "log.jsonl"
    with Scorer(log, program=program()) as scorer:
        first = scorer.score({"a": 1, "b": 2})
        assert first == {"saw": {"a": 1, "b": 2}, "argv": []}
        assert scorer.score({"b": 2, "a": 1}) == first
        assert scorer.asked == 1
    with Scorer(log, program=("/no/such/program",)) as scorer:
        assert scorer.score({"a": 1, "b": 2}) == first
        assert scorer.asked == 0


def test_another_model_is_asked_anew(tmp_path: Path) -> None:
    with Scorer(tmp_path / "log", program=program()) as scorer:
        scorer.score({"a": 1})
    with Scorer(tmp_path / "log", "other", program=program()) as scorer:
        assert scorer.score({"a": 1})["argv"] == ["--model=other"]
        assert scorer.asked == 1


def test_a_log_that_was_cut_off_is_read_up_to_there(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with Scorer(log, program=program()) as scorer:
        scorer.score({"a": 1})
        scorer.score({"a": 2})
    log.write_text(log.read_text()[:-20] + "\n[1]\n{}\nnull\n")
    with Scorer(log, program=program()) as scorer:
        scorer.score({"a": 1})
        assert scorer.asked == 0
        scorer.score({"a": 2})
        assert scorer.asked == 1


@pytest.mark.parametrize(
    ("question", "code", "words"),
    [
        ({"bad": True}, ECHO, "refused a question: no"),
        ({"die": True}, ECHO, "has ended"),
        ({}, "import sys; sys.exit(1)", "has ended"),
        ({}, "print('not json')", "answers no more"),
    ],
)
def test_why_there_is_no_answer_is_told(tmp_path: Path, question: dict[str, bool], code: str, words: str) -> None:
    with Scorer(tmp_path / "log", program=program(code)) as scorer, pytest.raises(NoScore, match=words):
        scorer.score(question)
    assert not (tmp_path / "log").exists()


def test_the_real_program_answers(tmp_path: Path) -> None:
    model = write_checkpoint(tmp_path / "model", small_config())
    question = {"context": [["a.py", "x = 1"]], "prefix": "y = ", "suffix": "\n", "path": "b.py", "target": "x + 1"}
    with Scorer(tmp_path / "log", str(model)) as scorer:
        answer = scorer.score({**question, "generate": True})
    assert answer["nats"] < 0
    assert answer["target_tokens"] > 0
    assert isinstance(answer["exact"], bool)
    assert len(json.loads((tmp_path / "log").read_text())["key"]) == 64
