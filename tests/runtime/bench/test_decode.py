import argparse
import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from mellum_ls.runtime.bench.decode import Plan, bytes_per_token, measure, prompt_of
from mellum_ls.runtime.drafting.policy import Always
from mellum_ls.runtime.engine import Engine
from mellum_ls.runtime.errors import BenchmarkError
from tests.fakes.checkpoints import small_config, write_checkpoint

PLAN = Plan("decode", context=40, tokens=6, repeats=5)

# By hand, of the small checkpoint: hidden 32, 4 layers, 4 query and 2 key heads of 16, 2 of 8 experts of 24.
ATTENTION = (4 + 2 + 2) * 16 * 32 + 32 * 4 * 16
NORMS = 32 + 32 + (4 + 2) * 16
CHOSEN_EXPERTS = 2 * 3 * 24 * 32
DENSE = 3 * 48 * 32
ROUTER = 8 * 32
VOCAB = 400
ENDS = 32 + 32 + VOCAB * 32  # the embedding's row, the final norm, the head
ROW = 2 * 2 * 16  # key and value of one position


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return Engine.load(write_checkpoint(tmp_path_factory.mktemp("bench")))


class Clock:
    """One second later at each look."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


class FakeRival:
    """The engine under another name, with an answer that can be spoilt."""

    facts: Mapping[str, Any] = {"name": "fake", "version": "1"}

    def __init__(self, engine: Engine, spoil: int = 0) -> None:
        self._engine, self._spoil = engine, spoil

    def generate(self, prompt: Sequence[int], tokens: int, on_token: Callable[[int], None]) -> None:
        for token in self._engine.generate_ids(prompt, tokens, ()):
            on_token(token + self._spoil)


@pytest.mark.parametrize(
    ("length", "positions"),
    [(1, 4 * 1), (16, 4 * 16), (17, 3 * 16 + 17), (100, 3 * 16 + 100)],
)
def test_bytes_of_a_token_by_hand(engine: Engine, length: int, positions: int) -> None:
    """Three layers slide over 16 positions, one sees all."""
    values = ENDS + 4 * (ATTENTION + NORMS + CHOSEN_EXPERTS + ROUTER) + positions * ROW
    assert bytes_per_token(engine.model.weights, engine.config, length) == 4 * values


def test_bytes_of_a_bfloat16_model_with_a_dense_layer(tmp_path: Path) -> None:
    """The router stays in float32."""
    raw = small_config(mlp_layer_types=["dense", "sparse", "sparse", "sparse"])
    engine = Engine.load(write_checkpoint(tmp_path, raw), dtype=torch.bfloat16)
    halves = ENDS + 4 * (ATTENTION + NORMS) + DENSE + 3 * CHOSEN_EXPERTS + 4 * ROW
    assert bytes_per_token(engine.model.weights, engine.config, 1) == 2 * halves + 4 * 3 * ROUTER


def test_a_tied_head_is_read_whole(tmp_path: Path) -> None:
    engine = Engine.load(write_checkpoint(tmp_path, small_config(tie_word_embeddings=True)))
    values = ENDS + 4 * (ATTENTION + NORMS + CHOSEN_EXPERTS + ROUTER) + 4 * ROW
    assert bytes_per_token(engine.model.weights, engine.config, 1) == 4 * values


def test_the_figures_with_a_clock_of_one_second_a_look(engine: Engine) -> None:
    found = measure(engine, PLAN, clock=Clock())
    assert found["benchmark"] == "decode"
    assert (found["tok_s"], found["prefill_tok_s"]) == (1.0, 40.0)
    assert found["spread"]["tok_s"] == {"median": 1.0, "q1": 1.0, "q3": 1.0, "min": 1.0, "max": 1.0}
    # Five decoded tokens, with 41 to 45 positions to look at.
    mean = bytes_per_token(engine.model.weights, engine.config, 43)
    assert found["bytes_per_token"] == mean
    assert found["read_gb_s"] == pytest.approx(mean / 1e9, rel=1e-3)
    assert (found["context"], found["tokens"], found["repeats"]) == (40, 6, 5)
    assert (found["tokens_per_step"], found["acceptance"], found["against"]) == (1.0, None, None)
    assert (found["device"], found["dtype"], found["threads"]) == ("cpu", "float32", torch.get_num_threads())
    assert found["parameters"] == engine.status()["parameters"]
    assert json.loads(json.dumps(found)) == found


def test_the_same_tokens_with_drafts_are_measured_in_turns(tmp_path: Path) -> None:
    raw = small_config(num_nextn_predict_layers=1)
    engine = Engine.load(write_checkpoint(tmp_path, raw, mtp=True), draft=True)
    assert engine.drafting is not None
    engine.drafting.policy = Always(2)
    found = measure(engine, Plan("decode", 40, 24, 5), clock=Clock())
    drafted = found["drafted"]
    tokens = (5 + 1) * 24  # one run of each is not timed
    assert drafted["steps"] + drafted["accepted"] == tokens
    assert drafted["drafted"] > 0
    assert drafted["different"] == 0
    assert found["tokens_per_step"] == drafted["tokens_per_step"] == round(tokens / drafted["steps"], 4)
    assert found["acceptance"] == drafted["acceptance"]
    assert drafted["ratio"]["tok_s"]["median"] > 0


def test_a_rival_is_measured_in_the_same_run(engine: Engine) -> None:
    found = measure(engine, PLAN, rival=FakeRival(engine), clock=Clock())
    against = found["against"]
    assert (against["name"], against["same_tokens"]) == ("fake", True)
    assert (against["tok_s"], against["prefill_tok_s"]) == (1.0, 40.0)
    assert against["ratio"]["tok_s"]["median"] == against["ratio"]["prefill_tok_s"]["median"] == 1.0


def test_a_rival_with_other_tokens_gives_no_figure(engine: Engine) -> None:
    with pytest.raises(BenchmarkError, match="fake gave 6 tokens that differ"):
        measure(engine, PLAN, rival=FakeRival(engine, spoil=1))


def test_the_prompt_is_code_of_the_length_asked_for(engine: Engine) -> None:
    short = prompt_of(engine, 50)
    assert inspect.getsource(argparse).startswith(engine.tokenizer.decode(short))
    long = prompt_of(engine, 300_000)
    assert (len(short), len(long)) == (50, 300_000)
    assert long[:50] == short


@pytest.mark.parametrize(("context", "tokens"), [(0, 8), (8, 1)])
def test_lengths_that_measure_nothing_are_refused(context: int, tokens: int) -> None:
    with pytest.raises(BenchmarkError, match=f"context is {context} and tokens {tokens}"):
        Plan("decode", context, tokens, 5)


def test_lengths_beyond_the_model_are_refused(engine: Engine) -> None:
    with pytest.raises(BenchmarkError, match="512 positions"):
        measure(engine, Plan("prefill", 510, 3, 5))
