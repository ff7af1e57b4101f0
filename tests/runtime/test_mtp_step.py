"""What an MTP step is made of; that it computes what the plain layer does is shown in test_fused_mtp.py."""

from dataclasses import replace

import pytest
import torch

from mellum_ls.kernels._triton.tuning import Tuning
from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.mtp_step import MtpStep
from mellum_ls.runtime.step_inputs import Inputs
from mellum_ls.runtime.step_layer import Angles, Shape
from mellum_ls.runtime.weights import allocate
from tests.fakes.fused_models import with_mtp

CPU = torch.device("cpu")


def made(rows: int, tuning: Tuning, mlp: str = "sparse", size: int | None = None) -> MtpStep:
    config = ModelConfig.from_dict(with_mtp(mlp=mlp))
    weights = allocate(config, CPU, torch.float32, mtp=True)[0]
    table = torch.empty(config.max_position_embeddings, 1, config.head_dim)
    angles: Angles = {kind: (table, table) for kind in config.rope}
    vocabulary = None if size is None else torch.zeros(size, dtype=torch.int32)
    shape = Shape(rows, dict.fromkeys(config.rope, 2))
    return MtpStep(config, weights, angles, Inputs(1, CPU), shape, tuning, torch.empty(1, 32), vocabulary)


@pytest.mark.parametrize(("mlp", "middle"), [("sparse", ["route", "gate_up", "down"]), ("dense", ["gate_up", "down"])])
def test_a_draft_is_a_dozen_launches(mlp: str, middle: list[str]) -> None:
    names = [launch.name for launch in made(3, Tuning(), mlp).launches]
    assert names == ["join", "mtp", "qkv", "attend", "output", *middle, "norm", "head", "sureness"]


def test_its_rotation_is_one_ahead_and_only_drafted_ids_are_scored() -> None:
    step = made(2, Tuning(), size=7)
    launches = {launch.name: launch for launch in step.launches}
    assert launches["attend"].constants["AHEAD"] == 1
    assert step.logits.shape == (1, 7)
    assert made(2, Tuning()).logits.shape[1] > 7
    assert launches["norm"].grid == (1,)


def test_what_waits_is_between_its_first_launch_and_its_scores() -> None:
    step = made(1, replace(Tuning(), overlaps=True, early=frozenset({"route", "norm"})))
    assert {launch.name for launch in step.launches if launch.early} == {"route", "norm"}
    waiting = ["EARLY" in launch.constants for launch in step.launches]
    assert waiting == [False, *[True] * (len(step.launches) - 3), False, False]
