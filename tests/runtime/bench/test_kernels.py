import pytest
import torch

from mellum_ls.runtime.bench.kernels import all_of, device_times, expected_hits, filled_cache, measure_step
from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.formats import WEIGHT_FORMATS
from mellum_ls.runtime.fused import FusedModel
from mellum_ls.runtime.synthetic import synthetic_weights
from tests.fakes.checkpoints import small_config

CONFIG = ModelConfig.from_dict(small_config())


def test_evenly_spread_choices_hit_what_the_formula_says() -> None:
    assert expected_hits(64, 8, 1) == 8
    assert [round(expected_hits(64, 8, rows)) for rows in (2, 4, 8, 16)] == [15, 26, 42, 56]
    # And drawn at random.
    generator = torch.Generator().manual_seed(1)
    draws = [
        len({e for _ in range(4) for e in torch.randperm(64, generator=generator)[:8].tolist()}) for _ in range(400)
    ]
    assert sum(draws) / len(draws) == pytest.approx(expected_hits(64, 8, 4), rel=0.02)


def test_launches_run_in_their_order() -> None:
    class Noted:
        def __init__(self, name: str, seen: list[str]) -> None:
            self.name, self.seen = name, seen

        def run(self) -> None:
            self.seen.append(self.name)

    seen: list[str] = []
    all_of([Noted("a", seen), Noted("b", seen)])()  # type: ignore[list-item]
    assert seen == ["a", "b"]


@torch.inference_mode()
def test_a_filled_cache_has_numbers_everywhere() -> None:
    weights = synthetic_weights(CONFIG, WEIGHT_FORMATS["float"], torch.device("cpu"), torch.float32)
    cache = filled_cache(FusedModel(CONFIG, weights), 100)
    assert cache.length == 100
    keys, values = cache.append(0, torch.zeros(1, 2, 16), torch.zeros(1, 2, 16))
    assert 0.9 < keys[:100].std() < 1.1
    assert 0.9 < values[:100].std() < 1.1


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU to measure")
def test_a_step_is_measured_in_parts_and_as_a_whole() -> None:
    weights = synthetic_weights(CONFIG, WEIGHT_FORMATS["int8"], torch.device("cuda"))
    found = measure_step(FusedModel(CONFIG, weights), 2, 64, 1e12)
    assert set(found["ops"]) == {"qkv", "attend", "output", "route", "gate_up", "down"}
    assert found["launches_per_layer"] == 6
    assert found["step"]["us"] > found["ops"]["qkv"]["us"] > 0
    assert min(device_times(lambda: None, 3)) >= 0
