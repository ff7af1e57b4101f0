"""How contexts share steps, and what of a layer is made for its last row alone; test_fused.py has what it computes."""

import torch

from mellum_ls.kernels._triton.tuning import Tuning
from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.step_inputs import Inputs
from mellum_ls.runtime.step_layer import Angles, Layers, Shape, context_bucket, splits_for
from mellum_ls.runtime.weights import allocate
from tests.fakes.checkpoints import small_config

CPU = torch.device("cpu")


def test_contexts_share_steps_and_long_ones_are_split() -> None:
    assert [context_bucket(length) for length in (0, 256, 257, 5000)] == [256, 256, 1024, 16384]
    assert [splits_for(context, None) for context in (256, 1024, 65536)] == [1, 4, 32]
    assert splits_for(65536, 1024) == 4


def test_where_only_the_last_row_comes_out_the_experts_see_no_other() -> None:
    config = ModelConfig.from_dict(small_config())
    weights = allocate(config, CPU, torch.float32)[0]
    table = torch.empty(config.max_position_embeddings, 1, config.head_dim)
    angles: Angles = {kind: (table, table) for kind in config.rope}
    splits = dict.fromkeys(config.rope, 1)

    def made(last: bool) -> tuple[Layers, dict[str, dict[str, object]]]:
        layers = Layers(config, weights.norm, angles, Inputs(1, CPU), Shape(5, splits, last=last), Tuning())
        launches = layers.launches(weights.layers[0], "sliding_attention", torch.zeros(2, dtype=torch.int64))
        return layers, {launch.name: dict(launch.arguments) for launch in launches}

    layers, launches = made(last=True)
    assert layers.out.data_ptr() == layers.stream[4].data_ptr()
    assert (launches["qkv"]["rows_there"], launches["attend"]["T"]) == (5, 5)
    assert launches["output"]["rows_there"] == launches["route"]["rows_there"] == 1
    assert launches["output"]["out_ptr"] is layers.out
    whole, launches = made(last=False)
    assert launches["output"]["rows_there"] == launches["route"]["rows_there"] == 5
    assert whole.workspace > layers.workspace
