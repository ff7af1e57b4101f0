"""What a step is made of; that it computes what the plain model does is shown in test_fused.py."""

from dataclasses import replace
from typing import Any

import pytest
import torch

from mellum_ls.kernels._triton.tuning import Tuning
from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.step import Step
from mellum_ls.runtime.step_inputs import Inputs
from mellum_ls.runtime.step_layer import Angles, Shape
from mellum_ls.runtime.weights import ModelWeights, allocate
from tests.fakes.checkpoints import small_config

CPU = torch.device("cpu")
LAYER = ["qkv", "attend", "output", "route", "gate_up", "down"]


def made(rows: int, tuning: Tuning | None = None, **changes: Any) -> Step:
    config = ModelConfig.from_dict(small_config(**changes))
    weights: ModelWeights = allocate(config, CPU, torch.float32)[0]
    table = torch.empty(config.max_position_embeddings, 1, config.head_dim)
    angles: Angles = {kind: (table, table) for kind in config.rope}
    shape = Shape(rows, dict.fromkeys(config.rope, 2))
    return Step(config, weights, angles, Inputs(4, CPU), shape, tuning or Tuning())


@pytest.mark.parametrize("rows", [1, 5])
def test_a_sparse_layer_is_six_launches_and_a_dense_one_five(rows: int) -> None:
    names = [launch.name for launch in made(rows, mlp_layer_types=["sparse", "dense", "sparse", "sparse"]).launches]
    dense = [name for name in LAYER if name != "route"]
    assert names == ["embed", *LAYER, *dense, *LAYER, *LAYER, "norm"]


def test_launches_overlap_where_the_gpu_can_and_they_gain() -> None:
    assert not any(launch.early for launch in made(1).launches)
    step = made(1, replace(Tuning(), overlaps=True, early=frozenset({"route"})))
    assert {launch.name for launch in step.launches if launch.early} == {"route"}
    # The code of all but the first lets the next one begin.
    assert ["EARLY" in launch.constants for launch in step.launches] == [False] + [True] * (len(step.launches) - 1)


def test_more_rows_than_a_step_has_are_refused() -> None:
    with pytest.raises(AssertionError, match="1 to 16 rows, not 17"):
        made(17)


def test_the_workspace_grows_with_the_rows() -> None:
    assert 0 < made(1).workspace < made(8).workspace
