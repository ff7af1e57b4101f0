"""A target's probability is that of transformers on the same ids; what is generated is what the engine generates."""

import io
import json
from pathlib import Path

import pytest
import torch
from transformers import MellumForCausalLM

from mellum_ls.runtime.bench import score as module
from mellum_ls.runtime.bench.score import Question, answer, main, read_question, score
from mellum_ls.runtime.engine import Engine
from mellum_ls.runtime.errors import RequestError
from mellum_ls.runtime.fim import ContextFile, Prompt
from tests.fakes.checkpoints import small_config, write_checkpoint

PROMPT = Prompt(
    prefix="def area(width, height):\n    size = ",
    suffix="\n    return size\n",
    path="shapes.py",
    context=(ContextFile("lib/größe.py", "def product(a, b):\n    return a * b\n"),),
)
TARGET = "product(width, height)"
LINE = {"context": [["a.py", "x"]], "prefix": "p", "suffix": "s", "path": "b.py", "target": "t", "generate": True}


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp("model"), small_config())


@pytest.fixture(scope="module")
def engine(directory: Path) -> Engine:
    return Engine.load(directory)


@pytest.mark.parametrize("chunk", [3, 17, 512])
@pytest.mark.parametrize("target", [TARGET, "x", "größe\n    return 1"])
def test_the_sum_is_that_of_transformers(
    directory: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch, chunk: int, target: str
) -> None:
    monkeypatch.setattr(module, "CHUNK", chunk)
    found = score(engine, Question(PROMPT, target, generate=False))
    prompt, ids = engine.prompt_ids(PROMPT, 64), engine.tokenizer.encode(target)
    theirs = MellumForCausalLM.from_pretrained(directory, dtype=torch.float32, experts_implementation="eager").eval()
    with torch.no_grad():
        logits = theirs(torch.tensor([[*prompt, *ids]])).logits[0].double()
    rows = logits[len(prompt) - 1 : -1].log_softmax(-1)
    wanted = float(rows.gather(1, torch.tensor(ids)[:, None]).sum())
    assert found.nats == pytest.approx(wanted, abs=1e-3 * len(ids))
    assert (found.target_tokens, found.prompt_tokens) == (len(ids), len(prompt))
    assert (found.generated, found.exact) == (None, None)


def test_what_is_generated_is_what_follows_the_prompt_and_not_the_target(engine: Engine) -> None:
    found = score(engine, Question(PROMPT, TARGET, generate=True))
    ids = engine.generate_ids(engine.prompt_ids(PROMPT, module.LONGEST_LINE), module.LONGEST_LINE)
    kept = [number for number in ids if number not in engine.profile.stop_ids]
    assert found.generated == engine.tokenizer.decode(kept).split("\n", 1)[0]
    assert found.exact is False
    again = score(engine, Question(PROMPT, f"{found.generated}  \nmore", generate=True))
    assert again.exact is True


def test_a_prompt_beyond_the_sliding_window_is_gone_back_to(engine: Engine, directory: Path) -> None:
    """What the target overwrote is computed again where the cache has let go of it."""
    from mellum_ls.runtime.cache.kv_cache import Retention
    from mellum_ls.runtime.cache.sessions import Session

    long = Question(Prompt(prefix="x = 1\n" * 60 + "y = ", suffix=""), TARGET * 4, generate=True)
    wanted = score(engine, long)
    new_cache = engine.model.new_cache
    tight = Retention(keep_all=32, rollback=4, slack=4, every=4096)
    try:
        engine.model.new_cache = lambda *_: new_cache(tight)  # type: ignore[method-assign]
        assert Session(engine.model.new_cache()).cache._retention == tight
        found = score(engine, long)
    finally:
        del engine.model.new_cache
    assert (found.generated, found.nats) == (wanted.generated, pytest.approx(wanted.nats, abs=1e-3))


def test_questions_are_read(engine: Engine) -> None:
    prompt = Prompt("p", "s", "b.py", (ContextFile("a.py", "x"),))
    assert read_question(json.dumps(LINE)) == Question(prompt, "t", generate=True)
    assert not read_question(json.dumps({**LINE, "generate": 1})).generate


BROKEN = [{**LINE, name: 1} for name in ("prefix", "target", "context", "path")]
BROKEN += [{**LINE, "target": ""}, {**LINE, "context": [["a"]]}, {"prefix": "p"}]


@pytest.mark.parametrize("line", ["", "[]", "null", "{", "\udc00", *map(json.dumps, BROKEN)])
def test_what_is_no_question_is_told(engine: Engine, line: str) -> None:
    with pytest.raises(RequestError, match="not a question"):
        read_question(line)
    assert set(answer(engine, line)) == {"error"}


def test_the_program_answers_line_by_line(
    directory: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(LINE) + "\nnonsense\n"))
    assert main([f"--model={directory}"]) == 0
    about, first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert about["model"] == directory.name
    assert first["nats"] < 0
    assert "not a question" in second["error"]


def test_without_a_model_it_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([f"--model={tmp_path / 'none'}"]) == 1
    assert "none" in capsys.readouterr().err
