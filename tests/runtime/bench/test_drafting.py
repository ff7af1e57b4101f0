"""The measurement of drafting: work that is the same on both sides, and figures of each way to work."""

import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from mellum_ls.runtime.bench.drafting import BEFORE, WORKLOADS, holes, measure
from mellum_ls.runtime.bench.drafting_report import table
from mellum_ls.runtime.bench.rewriting import edited
from mellum_ls.runtime.drafting.costs import Costs
from mellum_ls.runtime.drafting.drafter import Drafting
from mellum_ls.runtime.drafting.policy import Adaptive
from mellum_ls.runtime.drafting.vocabulary import DraftVocabulary
from mellum_ls.runtime.engine import Engine
from mellum_ls.runtime.errors import BenchmarkError
from tests.fakes.checkpoints import small_config, write_checkpoint

MTP = {"num_nextn_predict_layers": 1, "mtp_layer_types": ["sliding_attention"], "mtp_mlp_layer_types": ["sparse"]}
COSTS = Costs(((1, 1.0), (8, 1.1)), 0.05)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    text = "".join(f"    value_{row} = compute({row})\n" for row in range(60))
    path = tmp_path / "corpus.jsonl"
    path.write_text(
        json.dumps({"path": "a.py", "text": text}) + "\n" + json.dumps({"path": "b", "text": "short"}) + "\n"
    )
    return path


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    raw = small_config(**MTP, max_position_embeddings=2048)
    base = Engine.load(write_checkpoint(tmp_path / "model", raw, mtp=True))
    drafting = Drafting(Adaptive(COSTS), DraftVocabulary(base.model.weights.lm_head))
    return Engine(base.model_dir, base.model, base.tokenizer, base.profile, drafting=drafting)


def ticks() -> Iterator[float]:
    now = 0.0
    while True:
        yield now
        now += 1.0


def test_every_workload_has_its_figures(engine: Engine, corpus: Path) -> None:
    clock = ticks()
    found = json.loads(json.dumps(measure(engine, corpus, 2, lambda: next(clock))))
    assert list(found["workloads"]) == list(WORKLOADS)
    for figures in found["workloads"].values():
        assert figures["ratio_of_totals"] == figures["ratio"]["median"] == 1.0  # each took one tick
        assert figures["steps"] > 0
        assert (figures["different"], figures["ratio_of_totals_same"]) == (0, 1.0)
    assert found["workloads"]["region"]["sources"], "with cheap passes the old text is checked"
    shown = table(found)
    assert all(name in shown for name in WORKLOADS)


def let_several_rows_differ_from_one(engine: Engine) -> None:
    true = engine.model.logits

    def false(hidden: torch.Tensor) -> torch.Tensor:
        return true(hidden).flip(-1) if len(hidden) > 1 else true(hidden)

    def likeliest(hidden: torch.Tensor) -> list[int]:
        found: list[int] = false(hidden).argmax(-1).tolist()
        return found

    engine.model.logits = false  # type: ignore[method-assign]
    engine.model.likeliest = likeliest  # type: ignore[method-assign]


def test_an_engine_that_changes_its_answers_gets_no_figure(engine: Engine, corpus: Path) -> None:
    let_several_rows_differ_from_one(engine)
    with pytest.raises(BenchmarkError, match="changed an answer"):
        measure(engine, corpus, 3, lambda: 0.0, ("region",))


def test_in_fewer_bits_answers_that_differ_are_counted_and_stay_in_the_figures(
    tmp_path: Path, engine: Engine, corpus: Path
) -> None:
    base = Engine.load(tmp_path / "model", dtype=torch.bfloat16)
    narrow = Engine(base.model_dir, base.model, base.tokenizer, base.profile, drafting=engine.drafting)
    let_several_rows_differ_from_one(narrow)
    clock = ticks()
    found = measure(narrow, corpus, 3, lambda: next(clock), ("region",))
    figures = found["workloads"]["region"]
    assert figures["different"] == len(figures["different_prompts"]) > 0
    assert figures["ratio_of_totals"] == 1.0
    assert figures["ratio_of_totals_same"] == (None if figures["different"] == 3 else 1.0)
    assert f"{figures['different']} of 3 answers of region differ" in table(found)


def test_an_engine_that_does_not_draft_gets_none_either(engine: Engine, corpus: Path) -> None:
    engine.drafting = None
    with pytest.raises(BenchmarkError, match="does not draft"):
        measure(engine, corpus, 1, lambda: 0.0)


def test_holes_lie_in_lines_and_are_the_same_for_a_seed(corpus: Path) -> None:
    found = [hole.prompt for hole, _ in zip(holes(corpus, 3), range(5), strict=False)]
    assert found == [hole.prompt for hole, _ in zip(holes(corpus, 3), range(5), strict=False)]
    for prompt in found:
        assert prompt.prefix.splitlines()[-1].startswith("    ")
        assert prompt.suffix.startswith("\n")
        assert len(prompt.prefix) <= BEFORE


@pytest.mark.parametrize("text", ["{", '{"path": "a"}', "[1]", '{"path": "a", "text": "short"}', ""])
def test_what_is_no_corpus(text: str, tmp_path: Path) -> None:
    (tmp_path / "c").write_text(text)
    with pytest.raises(BenchmarkError):
        next(holes(tmp_path / "c", 1))


def test_an_edited_text_differs_in_a_name_and_a_line() -> None:
    text = "total = first\nsecond line\nthird line\nlast line\n"
    old = edited(text, random.Random(1))
    assert "old_" in old
    assert old.count("\n") == 3
    assert edited("", random.Random(1)) == ""
