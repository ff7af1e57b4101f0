"""One sequence's cache against a plain list of what was written, with rings and checkpoints forced by a small limit."""

from dataclasses import dataclass, field

import pytest
import torch
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from torch import Tensor

from mellum_ls.runtime.cache.checkpoints import CheckpointShelf
from mellum_ls.runtime.cache.kv_cache import CAPACITY_STEP, KVCache, Retention
from mellum_ls.runtime.config import ModelConfig
from tests.fakes.checkpoints import small_config

WINDOW, LIMIT = 8, 4 * CAPACITY_STEP
CONFIG = ModelConfig.from_dict(small_config(sliding_window=WINDOW, max_position_embeddings=LIMIT))
KINDS = ("sliding_attention", "full_attention")
ROW_BYTES = 2 * 2 * 16 * 4
TINY = Retention(keep_all=40, rollback=6, slack=5, every=16)


def new_cache(retention: Retention | None = None, shelf: CheckpointShelf | None = None) -> KVCache:
    return KVCache(CONFIG, KINDS, torch.device("cpu"), torch.float32, retention, shelf)


def rows(values: list[int]) -> Tensor:
    """One row [Hkv, D] filled with each value."""
    return torch.tensor(values, dtype=torch.float32).view(-1, 1, 1).expand(-1, 2, 16)


@torch.inference_mode()
def append(cache: KVCache, values: list[int]) -> dict[str, list[int]]:
    """Write rows with these values to both layers and return the values that each layer now holds."""
    cache.reserve(len(values))
    held = {}
    for layer, kind in enumerate(KINDS):
        keys, stored = cache.append(layer, rows(values), -rows(values))
        assert torch.equal(keys, -stored)
        held[kind] = [int(value) for value in keys[:, 0, 0].tolist()]
    cache.advance(len(values))
    return held


def assert_sees(held: dict[str, list[int]], values: list[int], new: int) -> None:
    """The full layer holds everything; the sliding one at least what the new positions see, and nothing else."""
    assert held["full_attention"] == values
    sliding = held["sliding_attention"]
    assert sliding == values[len(values) - len(sliding) :]
    assert len(sliding) >= min(len(values), new + WINDOW - 1)


@dataclass
class Written:
    cache: KVCache
    values: list[int] = field(default_factory=list)

    def append(self, values: list[int]) -> None:
        self.values += values
        assert_sees(append(self.cache, values), self.values, len(values))

    def truncate(self, length: int) -> None:
        reached = self.cache.truncate(length)
        assert reached <= length
        del self.values[reached:]


class AnyEdits(RuleBasedStateMachine):
    """Two sequences that grow, are cut and copy from each other."""

    @initialize(keep_all=st.sampled_from([0, 20, 40]), room=st.integers(0, 9), saved=st.sampled_from([0, 3, 99]))
    def begin(self, keep_all: int, room: int, saved: int) -> None:
        retention = Retention(keep_all=keep_all, rollback=room, slack=room + 1, every=16)
        shelf = CheckpointShelf(saved * (WINDOW - 1) * ROW_BYTES)
        self.shelf = shelf
        self.both = [Written(new_cache(retention, shelf)) for _ in range(2)]
        self.next = 0
        for written in self.both:
            for _ in range(12):
                written.append(self.fresh(5))

    def fresh(self, count: int) -> list[int]:
        self.next += count
        return list(range(self.next - count, self.next))

    @rule(which=st.integers(0, 1), count=st.integers(1, 30))
    def grow(self, which: int, count: int) -> None:
        written = self.both[which]
        if len(written.values) + count <= 300:
            written.append(self.fresh(count))

    @rule(which=st.integers(0, 1), share=st.sampled_from([0.0, 0.3, 0.6, 0.8, 0.9]))
    def cut(self, which: int, share: float) -> None:
        written = self.both[which]
        written.truncate(int(share * len(written.values)))

    @rule(which=st.integers(0, 1), back=st.integers(1, 20))
    def take_back(self, which: int, back: int) -> None:
        written = self.both[which]
        wanted = max(0, len(written.values) - back)
        written.truncate(wanted)

    @rule(which=st.integers(0, 1), anchors=st.sets(st.integers(0, 120), max_size=3))
    def mark(self, which: int, anchors: set[int]) -> None:
        self.both[which].cache.anchors = anchors

    @rule(which=st.integers(0, 1), share=st.floats(0, 1))
    def copy(self, which: int, share: float) -> None:
        mine, theirs = self.both[which], self.both[1 - which]
        same = 0
        while same < min(len(mine.values), len(theirs.values)) and mine.values[same] == theirs.values[same]:
            same += 1
        mine.truncate(same)
        known = len(mine.values)
        wanted = max(known, int(share * len(theirs.values)))
        reached = mine.cache.adopt(theirs.cache, wanted)
        assert known <= reached <= max(known, len(theirs.values))
        mine.values = theirs.values[:reached]

    @invariant()
    def lengths_and_bounds(self) -> None:
        for written in getattr(self, "both", ()):
            assert written.cache.length == len(written.values)
        if hasattr(self, "shelf"):
            assert self.shelf.num_bytes <= self.shelf.max_bytes


TestAnyEdits = AnyEdits.TestCase
TestAnyEdits.settings = settings(max_examples=60, stateful_step_count=40, deadline=None, derandomize=True)


@torch.inference_mode()
def test_an_abandoned_pass_changes_nothing() -> None:
    cache = new_cache()
    append(cache, [1, 2, 3])
    cache.reserve(1)
    cache.append(0, rows([9]), rows([9]))
    assert cache.length == 3
    assert append(cache, [4])["full_attention"] == [1, 2, 3, 4]


def test_short_of_the_limit_every_rollback_is_exact() -> None:
    written = Written(new_cache(Retention(keep_all=200)))
    written.append(list(range(200)))
    for length in (150, 60, 1):
        assert written.cache.truncate(length) == length


def test_beyond_it_a_small_rollback_is_exact_and_a_large_one_goes_back_to_a_checkpoint() -> None:
    written = Written(new_cache(TINY))
    for start in range(0, 100, 5):
        written.append(list(range(start, start + 5)))
    assert written.cache.truncate(100 - TINY.rollback) == 94
    written.truncate(94)
    assert written.cache.truncate(70) == 64, "the multiple of 16 before"
    del written.values[64:]
    written.append([7, 8, 9])


def test_anchors_get_checkpoints() -> None:
    cache = new_cache(TINY)
    cache.anchors = (43,)
    for start in range(0, 100, 5):
        append(cache, list(range(start, start + 5)))
    assert cache.truncate(46) == 43


def test_a_checkpoint_of_what_was_taken_back_is_not_used() -> None:
    written = Written(new_cache(TINY))
    for start in range(0, 100, 5):
        written.append(list(range(start, start + 5)))
    written.truncate(20)
    assert written.cache.length == 16
    for start in range(1000, 1100, 5):
        written.append(list(range(start, start + 5)))
    written.truncate(70)
    assert written.cache.length == 64
    written.append([7, 8, 9])


def test_an_evicted_checkpoint_is_not_used() -> None:
    cache = new_cache(TINY, CheckpointShelf(0))
    for start in range(0, 100, 5):
        append(cache, list(range(start, start + 5)))
    assert cache.truncate(70) == 0
    assert append(cache, [1, 2])["sliding_attention"] == [1, 2]


def test_a_sliding_layer_stays_within_its_ring_however_long_the_sequence() -> None:
    cache = new_cache(TINY)
    for start in range(0, 900, 5):
        held = append(cache, list(range(start, start + 5)))
    ring = WINDOW - 1 + TINY.rollback + TINY.slack
    assert len(held["sliding_attention"]) <= ring
    assert cache.num_bytes <= (900 * 9 / 8 + CAPACITY_STEP + ring) * ROW_BYTES


def test_capacity_is_counted_and_grows_in_steps() -> None:
    cache = new_cache()
    assert cache.num_bytes == 0
    append(cache, [0])
    assert cache.num_bytes == 2 * CAPACITY_STEP * ROW_BYTES
    append(cache, [0] * CAPACITY_STEP)
    assert cache.num_bytes == 2 * 2 * CAPACITY_STEP * ROW_BYTES


def test_more_positions_than_the_model_has_are_refused() -> None:
    with pytest.raises(AssertionError, match="positions asked for"):
        append(new_cache(), [0] * (LIMIT + 1))
