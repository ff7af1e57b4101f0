"""Drafting never changes the output, whatever the drafts are worth; good drafts are counted as good."""

from pathlib import Path

import pytest
import torch

from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.engine import Engine
from mellum_ls.runtime.nano.speculate import draft_and_verify
from tests.fakes.checkpoints import random_tensors, small_config, write_checkpoint, write_weights

RAW = small_config(num_nextn_predict_layers=1, mtp_layer_types=["sliding_attention"], mtp_mlp_layer_types=["sparse"])
PROMPT = [50, 60, 70, 80, 90]


def load(directory: Path, drafts: str, seed: int) -> Engine:
    """A model whose next token depends on the last one only, and an MTP layer that knows it, is late or is noise."""
    write_checkpoint(directory, RAW, mtp=True)
    tensors = random_tensors(ModelConfig.from_dict(RAW), mtp=True, seed=seed)
    size = RAW["hidden_size"]
    for name, tensor in tensors.items():
        if "o_proj" in name or "down_proj" in name:
            tensor.zero_()
        if tensor.dim() == 1:
            tensor.fill_(1.0)
    if drafts != "noise":
        one, none = torch.eye(size), torch.zeros(size, size)
        tensors["mtp.fc.weight"] = torch.cat((one, none) if drafts == "perfect" else (none, one), dim=1)
    write_weights(directory, tensors)
    return Engine.load(directory)


@pytest.mark.parametrize("drafts", ["perfect", "late", "noise"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_drafted_output_equals_undrafted_output(tmp_path: Path, drafts: str, seed: int) -> None:
    engine = load(tmp_path, drafts, seed)
    assert engine.mtp is not None
    for length in (1, len(PROMPT)):
        for budget in (1, 2, 3, 4, 17):
            run = draft_and_verify(engine, engine.mtp, PROMPT[:length], budget)
            assert list(run.ids) == engine.generate_ids(PROMPT[:length], budget)


def test_ordinary_random_weights_give_the_same_output_too(tmp_path: Path) -> None:
    engine = Engine.load(write_checkpoint(tmp_path, RAW, mtp=True))
    assert engine.mtp is not None
    run = draft_and_verify(engine, engine.mtp, PROMPT, 24)
    assert list(run.ids) == engine.generate_ids(PROMPT, 24)


def test_perfect_drafts_all_hold_and_late_ones_do_not(tmp_path: Path) -> None:
    for seed in (1, 2, 3):
        engine = load(tmp_path, "perfect", seed)
        assert engine.mtp is not None
        run = draft_and_verify(engine, engine.mtp, PROMPT, 13)
        assert run.first_held == run.second_held == run.steps > 0
        if len(run.ids) == 13:
            assert run.steps == 4
    late = load(tmp_path, "late", 1)
    assert late.mtp is not None
    run = draft_and_verify(late, late.mtp, PROMPT, 13)
    assert run.first_held < run.steps
