"""Driving one completion: what a step is, what cancelling leaves, and what failing does."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mellum_ls.runtime.completion import Completion
from mellum_ls.runtime.drafting.drafter import Drafting
from mellum_ls.runtime.drafting.policy import Always
from mellum_ls.runtime.drafting.vocabulary import DraftVocabulary
from mellum_ls.runtime.engine import Engine
from mellum_ls.runtime.fim import Prompt
from mellum_ls.runtime.generate import Chunk, GenerationParams, Reason, Result
from mellum_ls.runtime.healing import Healer
from mellum_ls.runtime.stopping import StopKind
from tests.fakes.checkpoints import write_checkpoint

PROMPT = Prompt("def add(left, right):\n    total = left + right\n    ret", "\n\n\nclass Stack:\n", path="src/add.py")
FREE = GenerationParams(max_tokens=6, stop="none")


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return Engine.load(write_checkpoint(tmp_path_factory.mktemp("completion")))


def finish(run: Completion) -> tuple[Result, int]:
    """The result, and the number of steps until it."""
    steps = 0
    while True:
        steps += 1
        if (result := run.step()) is not None:
            return result, steps


def test_beginning_computes_nothing(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    engine.drop_sessions()
    passes = count_passes(engine, monkeypatch)
    run = engine.begin("s", PROMPT, FREE)
    assert passes == []
    run.cancel()
    assert passes == []


def count_passes(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Collects the number of tokens of each pass from now on."""
    passes: list[int] = []
    forward = engine.model.forward

    def counted(ids: torch.Tensor, cache: Any) -> torch.Tensor:
        passes.append(ids.shape[0])
        return forward(ids, cache)

    monkeypatch.setattr(engine.model, "forward", counted)
    return passes


def test_a_step_is_one_pass_and_never_more(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    engine.drop_sessions()
    passes = count_passes(engine, monkeypatch)
    run = engine.begin("s", PROMPT, FREE)
    result = None
    while result is None:
        before = len(passes)
        result = run.step()
        assert len(passes) - before <= 1
    assert sum(passes) == result.prompt_tokens + result.generated_tokens - 1
    assert run.step() is result
    assert run.cancel() is result, "over is over"


@settings(max_examples=13, deadline=None, derandomize=True)
@given(st.integers(0, 8))
def test_after_cancelling_nothing_more_is_computed_and_the_work_stays(engine: Engine, steps: int) -> None:
    engine.drop_sessions()
    whole, _ = finish(engine.begin("other", PROMPT, FREE))
    engine.drop_sessions()
    chunks: list[Chunk] = []
    run = engine.begin("s", PROMPT, FREE, on_chunk=chunks.append)
    done = None
    for _ in range(steps):
        done = run.step()
    result = run.cancel()
    assert result.text == "".join(chunk.text for chunk in chunks)
    assert whole.text.startswith(result.text)
    assert result.reason == (whole.reason if done else "cancelled")
    again, _ = finish(engine.begin("s", PROMPT, FREE))
    assert again.text == whole.text
    assert again.computed_tokens == max(1, whole.computed_tokens - result.computed_tokens)


def test_a_warm_up_computes_the_prompt_and_generates_nothing(engine: Engine) -> None:
    engine.drop_sessions()
    before = engine.status()
    chunks: list[Chunk] = []
    warm, _ = finish(engine.begin("s", PROMPT, GenerationParams(warm_up=True), on_chunk=chunks.append))
    assert (warm.reason, warm.text, warm.generated_tokens, chunks) == ("warm", "", 0, [])
    assert warm.computed_tokens == warm.prompt_tokens
    result, _ = finish(engine.begin("s", PROMPT, FREE))
    assert result.computed_tokens == 1
    after = engine.status()
    changes = {
        name: after[name] - before[name] for name in ("warm_ups", "warmed_tokens", "requests", "computed_tokens")
    }  # type: ignore[operator]
    assert changes == {"warm_ups": 1, "warmed_tokens": warm.prompt_tokens, "requests": 1, "computed_tokens": 1}


# What the model writes behind "    total = ", the text behind the cursor, what is shown, and why it ends.
ENDINGS: dict[str, tuple[StopKind, str, str, str, Reason]] = {
    "the line's end": ("line", "left + right\n    return", "\n", "left + right", "line"),
    "the model's own end": ("line", "left + right", "\n", "left + right", "stop"),
    "an echo of the line's rest": ("line", "left + right\n    x", " + right\n", "left", "echo"),
    "an echo that the model ends": ("line", "left + right", " + right\n", "left", "echo"),
    "an echo of the next line": ("block", "left\n    return total\n    x", "\n    return total\n", "left", "echo"),
    "a loop": ("line", "f(a, b, a, b, a, b, a, b, a, b, a, b, ", "\n", "f(a, b,", "loop"),
    "the block's end": ("block", "left\n\n\nclass A:\n", "\n", "left", "block"),
    "no rule": ("none", "left + right\n", " + right\n", "left + right\n", "stop"),
}


def test_drafting_has_seen_each_token_of_a_prompt_once_though_it_was_warmed_up(engine: Engine) -> None:
    """Most prompts are read while nobody waits: few tokens would be left to see by the time that drafts are wanted."""
    seen: list[int] = []

    class Noting(DraftVocabulary):
        def see(self, ids: Sequence[int]) -> None:
            seen.extend(ids)

    drafting = Drafting(Always(1), Noting(engine.model.weights.lm_head), ("suffix",))
    drafts = Engine(engine.model_dir, engine.model, engine.tokenizer, engine.profile, drafting=drafting)
    finish(drafts.begin("s", PROMPT, replace(FREE, warm_up=True)))
    ids = drafts.prompt_ids(PROMPT, FREE.max_tokens)
    assert len(seen) >= len(ids) - 8  # but for the word that is being typed
    warmed = len(seen)
    result, _ = finish(drafts.begin("s", PROMPT, FREE))
    assert len(seen) - warmed == result.computed_tokens <= 8


@pytest.mark.parametrize("name", ENDINGS)
def test_the_rule_that_ends_it_is_named(engine: Engine, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    stop, written, suffix, shown, reason = ENDINGS[name]
    prefix = "def add(left, right):\n    total = "
    write(engine, monkeypatch, prefix, written)
    chunks: list[Chunk] = []
    params = GenerationParams(max_tokens=64, stop=stop)
    result, _ = finish(engine.begin("s", Prompt(prefix, suffix), params, on_chunk=chunks.append))
    assert (result.text, result.reason) == (shown, reason)
    assert "".join(chunk.text for chunk in chunks) == shown


@pytest.mark.parametrize("name", ["an echo that the model ends", "no rule"])
def test_an_echo_at_the_budgets_end_is_not_shown_either(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    stop, written, suffix, shown, reason = ENDINGS[name]
    prefix = "def add(left, right):\n    total = "
    write(engine, monkeypatch, prefix, written)
    budget = len(engine.tokenizer.encode(written))
    result, _ = finish(engine.begin("s", Prompt(prefix, suffix), GenerationParams(max_tokens=budget, stop=stop)))
    assert result.text == shown
    assert result.reason == ("length" if reason == "stop" else reason)


def write(engine: Engine, monkeypatch: pytest.MonkeyPatch, prefix: str, text: str) -> None:
    """From now on the model finds the tokens of `text` the likeliest behind `prefix`, then its stop id."""
    _, typed = Healer(engine.tokenizer).split(prefix)
    ids = iter([*engine.tokenizer.encode(typed), *engine.tokenizer.encode(text), min(engine.profile.stop_ids)])

    def logits(hidden: torch.Tensor) -> torch.Tensor:
        scores = torch.zeros(1, engine.config.vocab_size)
        scores[0, next(ids)] = 1.0
        return scores

    monkeypatch.setattr(engine.model, "logits", logits)
    monkeypatch.setattr(engine.model, "likeliest", lambda hidden: logits(hidden).argmax(-1).tolist())


def test_two_at_once_do_not_disturb_each_other(engine: Engine) -> None:
    other = Prompt("class Queue:\n    def pop(self):\n        ", "\n", path="q.py")
    wanted = [finish(engine.begin(f"alone {i}", prompt, FREE))[0].text for i, prompt in enumerate((PROMPT, other))]
    engine.drop_sessions()
    runs = [engine.begin(name, prompt, FREE) for name, prompt in (("a", PROMPT), ("b", other))]
    results: dict[int, Result] = {}
    while len(results) < 2:
        for index, run in enumerate(runs):
            if (result := run.step()) is not None:
                results[index] = result
    assert [results[index].text for index in range(2)] == wanted


def test_a_failing_step_gives_the_session_back(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    engine.drop_sessions()
    run = engine.begin("s", PROMPT, FREE)
    run.step()
    held = engine.status()["cached_tokens"]

    def fail(ids: torch.Tensor, cache: Any) -> torch.Tensor:
        raise MemoryError("no more")

    with monkeypatch.context() as patched:
        patched.setattr(engine.model, "forward", fail)
        with pytest.raises(MemoryError):
            finish(run)
    assert engine.status()["cached_tokens"] == held
    assert run.cancel().reason == "cancelled"
    again, _ = finish(engine.begin("s", PROMPT, FREE))
    assert again.text == Engine.load(engine.model_dir).complete("new", PROMPT, FREE).text
    engine.drop_sessions()
    assert engine.status()["sessions"] == 0, "nothing is in use any more"


def test_a_thousand_cancels_leave_nothing_behind(engine: Engine) -> None:
    """However a run ends, its session is free again: the number of sessions and their memory stay bounded."""
    engine.drop_sessions()
    chooser = torch.Generator().manual_seed(1)
    steps = torch.randint(0, 9, (1000,), generator=chooser).tolist()
    most = 0
    for number, count in enumerate(steps):
        prompt = Prompt(PROMPT.prefix + "u" * (number % 7), PROMPT.suffix, path=f"{number % 3}.py")
        run = engine.begin(f"s{number % 3}", prompt, FREE)
        for _ in range(count):
            run.step()
        run.cancel()
        most = max(most, engine.status()["sessions"])  # type: ignore[call-overload]
    assert most <= 3
    engine.drop_sessions()
    status = engine.status()
    assert (status["sessions"], status["kv_bytes"], status["cached_tokens"]) == (0, 0, 0)
