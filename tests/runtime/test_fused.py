"""The fused passes against the plain model: in Triton's interpreter, or on a GPU where there is one."""

from collections.abc import Callable, Hashable
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import torch

from mellum_ls.runtime.cache.kv_cache import Retention
from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.drafting.drafter import Drafting
from mellum_ls.runtime.drafting.policy import Always
from mellum_ls.runtime.drafting.vocabulary import ENOUGH, DraftVocabulary
from mellum_ls.runtime.engine import Engine
from mellum_ls.runtime.fim import Prompt
from mellum_ls.runtime.formats import FormatName
from mellum_ls.runtime.fused import FusedModel
from mellum_ls.runtime.fused_mtp import FusedMtpHead
from mellum_ls.runtime.generate import GenerationParams
from mellum_ls.runtime.graphs import Graphs
from mellum_ls.runtime.model import Model
from tests.fakes.checkpoints import write_checkpoint
from tests.fakes.fused_models import DEVICE, WIDE, assert_same, raw_config, weights_of, with_mtp


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("float", {"mlp_layer_types": ["sparse", "dense"]}),
        ("int8", {"norm_topk_prob": False, "num_experts_per_tok": 3}),
        ("int4", {"num_key_value_heads": 4, "tie_word_embeddings": True}),
    ],
)
def test_passes_of_any_length_and_rollbacks_equal_the_plain_model(name: FormatName, changes: dict[str, Any]) -> None:
    config = ModelConfig.from_dict({**raw_config(), **changes})
    weights = weights_of(config, name)
    # Rings from the thirtieth position on: sliding layers let go of their oldest rows.
    retention = Retention(keep_all=30, rollback=4, slack=4, every=16)
    plain, fused = Model(config, weights), FusedModel(config, weights, WIDE)
    caches = [model.new_cache(retention) for model in (plain, fused)]
    ids = torch.randint(0, config.vocab_size, (80,), generator=torch.Generator().manual_seed(1))
    for count, back in ((3, 0), (20, 0), (1, 2), (16, 0), (2, 3), (1, 0)):
        start = caches[0].length
        part = ids[start : start + count].to(DEVICE)
        hidden = [model.forward(part, cache) for model, cache in zip((plain, fused), caches, strict=True)]
        assert_same(hidden[1], hidden[0])
        assert_same(fused.logits(hidden[0]), plain.logits(hidden[0]))
        # Of the last pass's own states, and of some of them, the ids are there already.
        wanted = plain.likeliest(hidden[0])
        assert fused.likeliest(hidden[1]) == fused.likeliest(hidden[0]) == wanted
        assert fused.likeliest(hidden[1][-1:]) == wanted[-1:]
        for cache in caches:
            cache.truncate(cache.length - back)
        assert caches[0].length == caches[1].length
    assert caches[1].first > 0


def test_two_sequences_take_turns_and_caches_may_move() -> None:
    """A step is made once and finds each cache, and each cache's new place, through the device."""
    config = ModelConfig.from_dict(raw_config(max_position_embeddings=1024))
    weights = weights_of(config)
    plain, fused = Model(config, weights), FusedModel(config, weights, WIDE)
    ids = torch.randint(0, config.vocab_size, (600,), generator=torch.Generator().manual_seed(2)).to(DEVICE)
    pairs = [(plain.new_cache(), fused.new_cache()) for _ in range(2)]
    for turn in range(2):
        for index, (one, other) in enumerate(pairs):
            at = 255 * turn + index
            for model, cache in ((plain, one), (fused, other)):
                Model.forward(model, ids[cache.length : 254 + at], cache)  # long: never fused
            hidden = [
                model.forward(ids[:1], cache) for model, cache in ((plain, one), (fused, other))
            ]  # the 256th row moves the cache
            assert_same(hidden[1], hidden[0])


def test_drafted_answers_are_those_of_the_plain_model(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, with_mtp(num_key_value_heads=1), mtp=True)
    base = Engine.load(tmp_path, device=DEVICE.type, dtype=torch.float32)
    fused = FusedModel(base.model.config, base.model.weights, WIDE)
    drafting = Drafting(Always(2), DraftVocabulary(base.model.weights.lm_head, 60))
    engine = Engine(tmp_path, fused, base.tokenizer, base.profile, drafting=drafting)
    params = GenerationParams(4, "none")
    for prefix in ("def total(items):\n    return ", "def total(items):\n    return s"):
        prompt = Prompt(prefix, "\n", "a.py")
        wanted = base.complete("s", prompt, params)
        assert engine.complete("s", prompt, params).text == wanted.text
    assert isinstance(engine.mtp, FusedMtpHead)
    assert sum(drafting.tally.sources["mtp"].checked) > 0


def test_what_is_prepared_is_not_made_at_a_key() -> None:
    config = ModelConfig.from_dict(raw_config(num_experts=2))
    fused = FusedModel(config, weights_of(config), WIDE)
    fused.prepare()
    made = {rows: fused.step(rows, 256) for rows in (1, 2, 4, 16)}
    cache = fused.new_cache()
    fused.forward(torch.zeros(2, dtype=torch.int64, device=DEVICE), cache)
    assert fused.step(2, 256) is made[2]
    assert cache.length == 2  # what was prepared has left nothing in it
    if DEVICE.type == "cpu":  # where nothing is captured
        assert set(fused._steps) == {(rows, 256) for rows in made}


class Noted(Graphs):
    """Notes what would be captured and does nothing."""

    def __init__(self) -> None:
        super().__init__(torch.device("cpu"))
        self.reason = None
        self.keys: list[Hashable] = []

    def run(self, key: Hashable, work: Callable[[], None]) -> None:
        self.keys.append(key)


def test_drafting_meets_no_pass_and_no_draft_that_was_not_captured_before() -> None:
    config = ModelConfig.from_dict(with_mtp(sliding_window=512, vocab_size=1100, max_position_embeddings=4096))
    fused = FusedModel(config, weights_of(config, mtp=True), WIDE)
    head = fused.mtp_head()
    assert fused._mtp is not None
    assert head is not None
    fused.graphs, fused._mtp.graphs = passes, drafts = Noted(), Noted()
    fused.prepare_drafts()
    assert set(passes.keys) == set(product(range(1, 17), (256, 1024, 4096)))
    known = {*passes.keys, *drafts.keys}
    passes.keys.clear()
    drafts.keys.clear()
    unseen, seen = (DraftVocabulary(fused.weights.lm_head) for _ in range(2))
    seen.see([7] * ENOUGH)
    for length, count in product((0, 300, 1500), range(1, 17)):
        cache, entries = fused.new_cache(), head.new_cache()
        for some in (cache, entries):
            some.reserve(length)
            some.advance(length)
        fused.likeliest(fused.forward(torch.zeros(count, dtype=torch.int64), cache))
        states = torch.zeros(count, head.width, device=DEVICE)
        for vocabulary in (unseen, seen):
            entries.truncate(length)
            head.guess(states, [0] * count, entries, vocabulary)
    assert len(passes.keys) == 48
    assert len(drafts.keys) == 96
    assert {*passes.keys, *drafts.keys} <= known


def test_without_drafting_few_passes_are_prepared() -> None:
    config = ModelConfig.from_dict(with_mtp())
    fused = FusedModel(config, weights_of(config, mtp=True), WIDE)
    assert fused._mtp is not None
    fused.graphs, fused._mtp.graphs = passes, drafts = Noted(), Noted()
    fused.prepare()
    assert passes.keys == [(1, 256), (2, 256), (4, 256), (16, 256)]
    assert drafts.keys == []


def test_a_step_is_made_once() -> None:
    config = ModelConfig.from_dict(raw_config())
    fused = FusedModel(config, weights_of(config), WIDE)
    assert fused.step(2, 256) is fused.step(2, 256)
    assert fused.head(2) is fused.head(2)
    assert fused.step(3, 256) is not fused.step(2, 256)
    if DEVICE.type == "cpu":
        assert fused.graphs.reason is not None
    assert replace(fused.config) == config
