"""Completions that begin with another token than the likeliest: which one, and that all behind it is exact."""

from dataclasses import replace

import pytest
import torch

from mellum_ls.runtime.cache.budget import CacheLimits
from mellum_ls.runtime.cache.kv_cache import Retention
from mellum_ls.runtime.engine import Engine
from mellum_ls.runtime.environment import model_directory
from mellum_ls.runtime.fim import Prompt
from mellum_ls.runtime.generate import GenerationParams, Pace
from mellum_ls.runtime.healing import Healer
from tests.fakes.checkpoints import write_checkpoint

TOKENS = 6
ABOVE = "import os\n\n\ndef add(left, right):\n    total = left + right\n"
# Nothing to heal, a blank, a word, a sign, and a character of several bytes.
ENDS = ["    f(", "    x = ", "    ret", "    self.", "    größ"]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return Engine.load(write_checkpoint(tmp_path_factory.mktemp("ranks")), device="cpu")


@pytest.fixture(scope="module")
def nano() -> Engine:
    return Engine.load(model_directory(None), device="cpu")


def prompt(end: str) -> Prompt:
    return Prompt(ABOVE + end, "\n\n\nclass Stack:\n", path="src/add.py")


def params(rank: int, tokens: int = TOKENS) -> GenerationParams:
    return GenerationParams(max_tokens=tokens, stop="none", rank=rank)


def reference(engine: Engine, asked: Prompt, rank: int, tokens: int = TOKENS) -> str | None:
    """The same by the plainest loop: no cache, each id by one pass over all, candidates compared one by one."""
    kept, typed = Healer(engine.tokenizer).split(asked.prefix)
    budget = tokens + len(engine.tokenizer.encode(typed))
    ids = engine.prompt_ids(replace(asked, prefix=kept), budget)
    missing, pieces, written = typed.encode(), engine.tokenizer.pieces, list[int]()
    for number in range(budget):
        hidden = engine.model.forward(torch.tensor(ids + written), engine.model.new_cache(Retention()))
        scores = engine.model.logits(hidden[-1:])[0].tolist()
        fits = fitting(engine, missing)
        best = max(fits if missing else range(len(scores)), key=scores.__getitem__)
        if number == 0 and rank:
            behind = sorted(fits - {best}, key=scores.__getitem__, reverse=True)
            if len(behind) < rank:
                return None
            best = behind[rank - 1]
        if best in engine.profile.stop_ids:
            break
        written.append(best)
        missing = missing[len(pieces.get(best, b"")) :]
    return engine.tokenizer.decode(written)[len(typed) :]


def fitting(engine: Engine, missing: bytes) -> set[int]:
    pieces = engine.tokenizer.pieces
    try:
        first = engine.tokenizer.encode(missing.decode())
        shortest = len(pieces[first[0]]) if first else 1
    except UnicodeDecodeError:
        shortest = 1
    return {
        number
        for number, piece in pieces.items()
        if piece.startswith(missing) or (missing.startswith(piece) and len(piece) >= shortest)
    }


@pytest.mark.parametrize("end", ENDS)
def test_each_rank_is_what_the_plainest_loop_writes(engine: Engine, end: str) -> None:
    engine.drop_sessions()
    for rank in (0, 1, 2, 5):
        wanted = reference(engine, prompt(end), rank)
        assert engine.complete("s", prompt(end), params(rank)).text == (wanted or "")


@pytest.mark.parametrize("end", ENDS[:3])
def test_each_rank_of_the_embedded_model_is_what_the_plainest_loop_writes(nano: Engine, end: str) -> None:
    nano.drop_sessions()
    texts = []
    for rank in range(3):
        texts.append(nano.complete("s", prompt(end), params(rank)).text)
        assert texts[-1] == reference(nano, prompt(end), rank)
    assert len(set(texts)) == 3


@pytest.mark.parametrize("retention", [Retention(), Retention(keep_all=40, rollback=20, slack=21, every=32)])
def test_the_next_rank_finds_the_prompt_computed(engine: Engine, retention: Retention) -> None:
    """Though the sliding layers' rings have gone on with the rank before."""
    parts = (engine.model_dir, engine.model, engine.tokenizer, engine.profile)
    limits = CacheLimits(retention=retention)
    ringed = Engine(*parts, limits=limits, pace=Pace(1.0, 16, lambda: 0.0))
    for end in ENDS:
        asked = prompt(end)
        first = ringed.complete("s", asked, params(0))
        assert first.prompt_tokens > 40
        for rank in (1, 2, 0):
            result = ringed.complete("s", asked, params(rank))
            assert result.computed_tokens <= 2
            assert result.text == (reference(engine, asked, rank) or "")


def test_a_likeliest_that_ends_the_completion_leaves_the_texts_to_the_other_ranks(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop, other = min(engine.profile.stop_ids), max(engine.tokenizer.special_ids.values())
    one, two = (engine.tokenizer.encode(word)[0] for word in ("a", "b"))
    scores = torch.zeros(1, engine.config.vocab_size)
    for place, number in enumerate((stop, other, one, two)):
        scores[0, number] = 4.0 - place
    monkeypatch.setattr(engine.model, "logits", lambda hidden: scores)
    monkeypatch.setattr(engine.model, "likeliest", lambda hidden: scores.argmax(-1).tolist())
    texts = [engine.complete("s", prompt("f("), params(rank, 1)).text for rank in range(3)]
    assert texts == ["", engine.tokenizer.decode([one]), engine.tokenizer.decode([two])]


@pytest.mark.parametrize("end", ["    f(", "    ret"])
def test_a_rank_behind_the_last_is_an_empty_completion(engine: Engine, end: str) -> None:
    _, typed = Healer(engine.tokenizer).split(prompt(end).prefix)
    last = len(fitting(engine, typed.encode())) - 1
    for rank in (last + 1, engine.config.vocab_size + 7):
        result = engine.complete("s", prompt(end), params(rank))
        assert (result.text, result.reason, result.generated_tokens) == ("", "stop", 0)
    if typed:
        assert engine.complete("s", prompt(end), params(last)).generated_tokens > 0


def test_a_rank_above_none_changes_nothing_for_the_likeliest(engine: Engine) -> None:
    engine.drop_sessions()
    alone = engine.complete("s", prompt("    x = "), params(0)).text
    engine.complete("s", prompt("    x = "), params(3))
    assert engine.complete("s", prompt("    x = "), params(0)).text == alone
