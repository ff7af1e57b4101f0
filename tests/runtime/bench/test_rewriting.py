"""A region written anew: the tokens that come are the region's, and drafts save passes without changing a score."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from mellum_ls.runtime.bench.rewriting import Rewriting, edited
from mellum_ls.runtime.drafting.costs import Costs
from mellum_ls.runtime.drafting.drafter import Drafting
from mellum_ls.runtime.drafting.policy import Adaptive
from mellum_ls.runtime.drafting.vocabulary import DraftVocabulary
from mellum_ls.runtime.engine import Engine
from tests.fakes.checkpoints import small_config, write_checkpoint

MTP = {"num_nextn_predict_layers": 1, "mtp_layer_types": ["sliding_attention"], "mtp_mlp_layer_types": ["sparse"]}
ABOVE = "".join(f"value_{row} = compute({row})\n" for row in range(9))
REGION = "def total(prices):\n    found = 0\n    for price in prices:\n        found += price\n    return found\n"


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    raw = small_config(**MTP, max_position_embeddings=2048)
    return Engine.load(write_checkpoint(tmp_path / "model", raw, mtp=True))


def drafting(engine: Engine) -> Drafting:
    # Longer passes cost next to nothing, so that every guess is checked.
    return Drafting(Adaptive(Costs(((1, 1.0), (8, 1.001)), 0.05)), DraftVocabulary(engine.model.weights.lm_head))


@pytest.fixture
def clock() -> Iterator[float]:
    return iter(map(float, range(1000)))


def passes(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many tokens each pass has, from now on."""
    counts: list[int] = []
    forward = engine.model.forward

    def counted(ids, cache):  # type: ignore[no-untyped-def]
        counts.append(len(ids))
        return forward(ids, cache)

    monkeypatch.setattr(engine.model, "forward", counted)
    return counts


def test_what_stays_as_it_was_costs_few_passes(
    engine: Engine, clock: Iterator[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    rewriting = Rewriting(engine, ABOVE, REGION, REGION)
    counts = passes(engine, monkeypatch)
    seconds, plain = rewriting.run(None, lambda: next(clock))
    assert (seconds, len(plain)) == (1.0, len(rewriting.ids))
    assert counts == [1] * len(rewriting.ids)
    counts.clear()
    seconds, drafted = rewriting.run(drafting(engine), lambda: next(clock))
    assert (seconds, drafted) == (1.0, plain)
    assert len(counts) <= 1 + len(rewriting.ids) // 32
    counts.clear()
    assert rewriting.run(None, lambda: next(clock))[1] == plain, "the session is as it was"


@pytest.mark.parametrize("seed", range(5))
def test_an_edited_text_changes_no_score(engine: Engine, clock: Iterator[float], seed: int) -> None:
    rewriting = Rewriting(engine, ABOVE, REGION, edited(REGION, random.Random(seed)))
    shared = drafting(engine)
    plain = rewriting.run(None, lambda: next(clock))[1]
    assert rewriting.run(shared, lambda: next(clock))[1] == plain
    assert 0 < shared.tally.steps < len(rewriting.ids)
