"""What checking costs: experts are counted as the model routes, the released model reads what its card says."""

from pathlib import Path

import pytest
import torch

from mellum_ls.runtime.bench.explain import RELEASED, SIZES, distinct_experts, explain, table
from mellum_ls.runtime.drafting.costs import Costs
from mellum_ls.runtime.drafting.drafter import Drafting
from mellum_ls.runtime.drafting.policy import Adaptive
from mellum_ls.runtime.drafting.vocabulary import DraftVocabulary
from mellum_ls.runtime.engine import Engine
from mellum_ls.runtime.errors import BenchmarkError
from tests.fakes.checkpoints import small_config, write_checkpoint


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return Engine.load(write_checkpoint(tmp_path_factory.mktemp("explain")))


def test_experts_are_counted_layer_by_layer(engine: Engine) -> None:
    found = distinct_experts(engine)
    assert found[0] == engine.config.num_experts_per_tok
    assert found == sorted(found)
    assert found[-1] <= min(engine.config.num_experts, SIZES[-1] * found[0])


def test_a_router_that_always_says_the_same_hits_no_more_experts(tmp_path: Path) -> None:
    engine = Engine.load(write_checkpoint(tmp_path))
    for layer in engine.model.weights.layers:
        layer.mlp_norm.zero_()
    assert distinct_experts(engine) == [2.0] * len(SIZES)


def test_the_released_model_reads_what_its_card_says(engine: Engine) -> None:
    found = explain(engine)
    uniform = found["released"]["uniform"]
    assert uniform["gigaweights"][0] == pytest.approx(2.212, abs=0.005)
    assert uniform["experts"][:4] == pytest.approx([8, 15, 21.1, 26.5], abs=0.1)
    assert uniform["cost"][1] == pytest.approx(1.55, abs=0.01)
    depths = list(uniform["depth"]["mtp"].values())
    assert depths == sorted(depths)
    assert depths[0] == 0
    assert "here" not in found
    assert RELEASED.name in table(found)


def test_the_device_s_own_costs_are_shown_where_they_are_known(engine: Engine) -> None:
    drafting = Drafting(Adaptive(Costs(((1, 1.0), (8, 8.0)), 0.5)), DraftVocabulary(torch.zeros(9, 2)))
    engine.drafting = drafting
    found = explain(engine)
    engine.drafting = None
    assert found["here"]["cost"] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert set(found["here"]["depth"]["free"].values()) == {0}
    assert "this model on this device" in table(found)


def test_a_model_without_experts_has_nothing_to_count(tmp_path: Path) -> None:
    raw = small_config(mlp_layer_types=["dense"] * 4)
    with pytest.raises(BenchmarkError, match="experts"):
        distinct_experts(Engine.load(write_checkpoint(tmp_path, raw)))
