import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.kv_cache import FIRST_CAPACITY, KVCache, Session, SessionCache, common_prefix
from tests.fakes.checkpoints import small_config

CONFIG = ModelConfig.from_dict(small_config(max_position_embeddings=4 * FIRST_CAPACITY))


def new_cache() -> KVCache:
    return KVCache(CONFIG, 2, torch.device("cpu"), torch.float32)


def rows(values: list[int]) -> Tensor:
    """One row [Hkv, D] filled with each value."""
    return torch.tensor(values, dtype=torch.float32).view(-1, 1, 1).expand(-1, 2, 16)


def append(cache: KVCache, values: list[int]) -> Tensor:
    for layer in range(2):
        keys, stored = cache.append(layer, rows(values), -rows(values))
    cache.advance(len(values))
    assert torch.equal(keys, -stored)
    return keys[:, 0, 0]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(0, 300), st.integers(1, 300)), min_size=1, max_size=5))
def test_rollback_and_growth_keep_what_was_written(edits: list[tuple[int, int]]) -> None:
    cache, model = new_cache(), list[int]()
    for step, (back, count) in enumerate(edits):
        kept = max(0, len(model) - back)
        count = min(count, 4 * FIRST_CAPACITY - kept)
        if not count:
            continue
        cache.truncate(kept)
        model = model[:kept] + [step * 1000 + i for i in range(count)]
        assert append(cache, model[kept:]).tolist() == model
        assert cache.length == len(model)


def test_an_abandoned_pass_changes_nothing() -> None:
    cache = new_cache()
    append(cache, [1, 2, 3])
    cache.append(0, rows([9]), rows([9]))
    assert cache.length == 3
    assert append(cache, [4]).tolist() == [1, 2, 3, 4]


def test_capacity_doubles_and_is_counted() -> None:
    cache = new_cache()
    assert cache.num_bytes == 0
    append(cache, [0])
    row_bytes = 2 * 2 * 2 * 16 * 4
    assert cache.num_bytes == FIRST_CAPACITY * row_bytes
    append(cache, [0] * FIRST_CAPACITY)
    assert cache.num_bytes == 2 * FIRST_CAPACITY * row_bytes


def test_more_positions_than_the_model_has_are_refused() -> None:
    with pytest.raises(AssertionError, match="positions asked for"):
        append(new_cache(), [0] * (4 * FIRST_CAPACITY + 1))


def test_a_session_keeps_the_common_prefix_but_for_the_last_token() -> None:
    session = Session(new_cache(), [1, 2, 3, 4])
    append(session.cache, session.ids)
    assert session.rewind([1, 2, 9, 9, 9]) == 2
    assert (session.ids, session.cache.length) == ([1, 2], 2)
    assert session.rewind([1, 2]) == 1
    assert (session.ids, session.cache.length) == ([1], 1)


@pytest.mark.parametrize(
    ("left", "right", "length"),
    [([], [], 0), ([1], [], 0), ([1, 2], [1, 2], 2), ([1, 2], [1, 3], 1), ([2], [1], 0)],
)
def test_common_prefix(left: list[int], right: list[int], length: int) -> None:
    assert common_prefix(left, right) == length


def filled(sessions: SessionCache, name: str, count: int = 1) -> Session:
    session = sessions.acquire(name)
    append(session.cache, [7] * count)
    sessions.trim()
    return session


def test_the_least_recently_used_session_goes_when_there_are_too_many() -> None:
    sessions = SessionCache(new_cache, max_sessions=2, max_bytes=10**9)
    first = filled(sessions, "a")
    filled(sessions, "b")
    assert sessions.acquire("a") is first
    filled(sessions, "c")
    assert len(sessions) == 2
    assert sessions.acquire("a") is first
    assert sessions.acquire("b").cache.length == 0


def test_sessions_go_when_they_hold_too_many_bytes_but_never_the_last() -> None:
    one = filled(SessionCache(new_cache, max_sessions=9, max_bytes=10**9), "x").cache.num_bytes
    sessions = SessionCache(new_cache, max_sessions=9, max_bytes=2 * one)
    for name in "abc":
        filled(sessions, name)
    assert (len(sessions), sessions.num_bytes) == (2, 2 * one)
    filled(sessions, "d", 3 * FIRST_CAPACITY)
    assert len(sessions) == 1
    assert sessions.num_bytes > 2 * one
    sessions.clear()
    assert (len(sessions), sessions.num_bytes) == (0, 0)
