import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mellum_ls.runtime.cache import budget
from mellum_ls.runtime.cache.kv_cache import CAPACITY_STEP, KVCache, Retention
from mellum_ls.runtime.config import ModelConfig
from tests.fakes.checkpoints import RELEASED, small_config

CPU = torch.device("cpu")
MELLUM2 = ModelConfig.from_dict(RELEASED)
GIB = 1024**3


def test_the_released_model_takes_what_its_shape_says() -> None:
    """2 x 4 heads x 128 x 2 bytes are 2 KiB a layer and position, 56 KiB a position of all 28 layers."""
    everything = Retention(keep_all=131_072)
    assert budget.session_bytes(MELLUM2, torch.bfloat16, 1, everything) == 56 * 1024
    assert budget.session_bytes(MELLUM2, torch.bfloat16, 131_072, everything) == 7 * GIB
    ring = Retention()
    held = 7 * 131_072 + 21 * (1023 + ring.rollback + ring.slack)
    assert budget.session_bytes(MELLUM2, torch.bfloat16, 131_072, ring) == held * 2048


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.integers(1, 700), st.integers(0, 400), st.integers(1, 60))
@torch.inference_mode()
def test_a_cache_holds_what_the_formula_says(length: int, keep_all: int, step: int) -> None:
    """Capacity grows by steps, so each layer may have an eighth and a step more."""
    config = ModelConfig.from_dict(small_config(max_position_embeddings=1024))
    retention = Retention(keep_all=keep_all, rollback=20, slack=60, every=64)
    cache = KVCache(config, config.layer_types, CPU, torch.float32, retention)
    for start in range(0, length, step):
        count = min(step, length - start)
        cache.reserve(count)
        for layer in range(config.num_hidden_layers):
            cache.append(layer, torch.zeros(count, 2, 16), torch.zeros(count, 2, 16))
        cache.advance(count)
    row = budget.row_bytes(config, torch.float32)
    peak = max(
        budget.session_bytes(config, torch.float32, min(length, keep_all), retention),
        budget.session_bytes(config, torch.float32, length, retention),
    )
    assert cache.num_bytes <= peak * 9 / 8 + config.num_hidden_layers * CAPACITY_STEP * row


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.integers(0, 8 * GIB), st.integers(0, 131_072))
def test_the_longest_sequence_fits_and_one_more_position_does_not(max_bytes: int, keep_all: int) -> None:
    retention = Retention(keep_all=keep_all)
    longest = budget.longest_sequence(MELLUM2, torch.bfloat16, max_bytes, retention)
    assert 0 <= longest <= 131_072
    for length in {longest, min(longest, keep_all)}:
        assert budget.session_bytes(MELLUM2, torch.bfloat16, length, retention) <= max_bytes
    if longest < 131_072:
        assert budget.session_bytes(MELLUM2, torch.bfloat16, longest + 1, retention) > max_bytes


def test_keep_all_is_lowered_until_two_such_sequences_fit() -> None:
    per_position = 56 * 1024
    wanted = Retention()
    assert budget.fitting_retention(MELLUM2, torch.bfloat16, 2 * 32_768 * per_position, wanted) == wanted
    less = budget.fitting_retention(MELLUM2, torch.bfloat16, 2 * 10_000 * per_position, wanted)
    assert less == Retention(keep_all=39 * CAPACITY_STEP)
    assert budget.fitting_retention(MELLUM2, torch.bfloat16, 0, wanted).keep_all == CAPACITY_STEP


def test_a_cpu_shares_its_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "physical_memory", lambda: 4 * GIB)
    assert (budget.device_budget(CPU), budget.host_budget()) == (GIB // 4, GIB // 4)
    monkeypatch.setattr(budget, "physical_memory", lambda: 999 * GIB)
    assert (budget.device_budget(CPU), budget.host_budget()) == (GIB, GIB)


def test_weights_that_are_still_to_come_leave_less_on_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (1000, 2000))
    gpu = torch.device("cuda")
    assert budget.device_budget(gpu) == 800
    assert budget.device_budget(gpu, unloaded=500) == 400
    assert budget.device_budget(gpu, unloaded=5000) == 0


def test_a_system_that_does_not_tell_its_memory_gets_a_cautious_guess(monkeypatch: pytest.MonkeyPatch) -> None:
    assert budget.physical_memory() > GIB // 2
    monkeypatch.delattr(budget.os, "sysconf")
    assert budget.physical_memory() == budget.UNKNOWN_MEMORY
