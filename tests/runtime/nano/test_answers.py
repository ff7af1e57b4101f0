"""Answers equal the engine's own, in one process or several, and survive a kill."""

from pathlib import Path

import pytest

from mellum_ls.runtime.engine import Engine
from mellum_ls.runtime.fim import Prompt
from mellum_ls.runtime.generate import GenerationParams
from mellum_ls.runtime.nano.answers import Answers, Job
from tests.fakes.checkpoints import small_config, write_checkpoint

PARAMS = GenerationParams(max_tokens=6, stop="none")
JOBS = [Job(Prompt(f"def add{i}(left, right):\n    ", "\n\n", "a.py"), PARAMS) for i in range(12)]


@pytest.fixture(scope="module")
def model_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp("model"), small_config())


def test_answers_are_those_of_the_engine_in_the_order_asked(model_dir: Path) -> None:
    engine = Engine.load(model_dir)
    wanted = [engine.complete(str(i), job.prompt, job.params).text for i, job in enumerate(JOBS[:4])]
    answers = Answers(model_dir, "m", None, workers=1)
    assert [answer.text for answer in answers.ask(JOBS[:4])] == wanted
    assert [answer.text for answer in answers.ask(JOBS[3::-1])] == wanted[::-1]
    assert {answer.reason for answer in answers.ask(JOBS[:4])} <= {"length", "stop"}


def test_several_processes_give_the_same_answers(model_dir: Path) -> None:
    alone = Answers(model_dir, "m", None, workers=1).ask(JOBS)
    many = Answers(model_dir, "m", None, workers=2)
    try:
        assert many.ask(JOBS) == alone
    finally:
        many.close()


def test_a_killed_run_goes_on_and_a_cut_line_is_dropped(model_dir: Path, tmp_path: Path) -> None:
    log = tmp_path / "results.json.answers"
    first = Answers(model_dir, "m", log, workers=1).ask(JOBS[:3])
    whole = log.read_text()
    log.write_text(whole[:-9])
    again = Answers(tmp_path / "no model here", "m", log, workers=1)
    assert again.ask(JOBS[:2]) == first[:2]
    assert Answers(model_dir, "m", log, workers=1).ask(JOBS[:3]) == first
    assert log.read_text() == whole


def test_the_log_of_another_model_is_begun_anew(model_dir: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    Answers(model_dir, "one", log, workers=1).ask(JOBS[:2])
    Answers(model_dir, "two", log, workers=1)
    assert log.read_text() == '{"fingerprint": "two"}\n'


def test_a_key_covers_prompt_and_parameters() -> None:
    other = Job(JOBS[0].prompt, GenerationParams(max_tokens=7, stop="none"))
    assert len({job.key for job in [*JOBS, other]}) == len(JOBS) + 1
