import math
import re
from pathlib import Path

import pytest
import torch

from mellum_ls.runtime.checkpoint import Checkpoint
from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.errors import CheckpointError
from mellum_ls.runtime.weights import SparseMlpWeights, allocate, expected_tensors, load_weights
from tests.fakes.checkpoints import (
    RELEASED,
    RELEASED_PARAMETERS,
    RELEASED_TENSORS,
    VOCAB,
    random_tensors,
    small_config,
    write_weights,
)

CPU = torch.device("cpu")
EXPERT = "model.layers.1.mlp.experts.5.gate_proj.weight"


def test_the_released_model_on_the_meta_device() -> None:
    config = ModelConfig.from_dict(RELEASED)
    expected = expected_tensors(config)
    assert len(expected) == RELEASED_TENSORS
    assert sum(math.prod(shape) for shape in expected.values()) == RELEASED_PARAMETERS
    assert expected["model.layers.27.mlp.experts.63.down_proj.weight"] == (2304, 896)
    assert expected["model.layers.0.self_attn.k_proj.weight"] == (512, 2304)
    weights, parts = allocate(config, torch.device("meta"), torch.bfloat16)
    assert parts.keys() == expected.keys()
    per_head = ("q_norm.weight", "k_norm.weight")
    assert all(tuple(part.shape) == expected[name] for name, part in parts.items() if not name.endswith(per_head))
    mlp = weights.layers[0].mlp
    assert isinstance(mlp, SparseMlpWeights)
    assert mlp.gate_up.shape == (64, 1792, 2304)
    assert mlp.down.shape == (64, 2304, 896)
    assert mlp.router.dtype == torch.float32


def test_the_mtp_layer_of_the_released_size() -> None:
    config = ModelConfig.from_dict(RELEASED)
    extra = expected_tensors(config, mtp=True).items() - expected_tensors(config).items()
    assert all(name.startswith("mtp.") for name, _ in extra)
    assert sum(math.prod(shape) for _, shape in extra) == 428_371_456


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_experts_are_stacked_gate_first(tmp_path: Path, dtype: torch.dtype) -> None:
    config = ModelConfig.from_dict(small_config(mlp_layer_types=["sparse", "sparse", "dense", "sparse"]))
    tensors = random_tensors(config)
    write_weights(tmp_path, tensors, shards=3)
    weights = load_weights(Checkpoint.open(tmp_path), config, CPU, dtype)
    sparse, dense = weights.layers[1].mlp, weights.layers[2].mlp
    inner = config.moe_intermediate_size
    assert isinstance(sparse, SparseMlpWeights)
    stem = "model.layers.1.mlp.experts.5."
    assert torch.equal(sparse.gate_up[5, :inner], tensors[stem + "gate_proj.weight"].to(dtype))
    assert torch.equal(sparse.gate_up[5, inner:], tensors[stem + "up_proj.weight"].to(dtype))
    assert torch.equal(sparse.down[5], tensors[stem + "down_proj.weight"].to(dtype))
    assert sparse.router.dtype == torch.float32
    assert torch.equal(dense.down, tensors["model.layers.2.mlp.down_proj.weight"].to(dtype))
    attention = "model.layers.0.self_attn."
    fused = torch.cat([tensors[f"{attention}{letter}_proj.weight"] for letter in "qkv"]).to(dtype)
    assert torch.equal(weights.layers[0].qkv, fused)
    assert torch.equal(weights.layers[0].qk_norm[-1], tensors[attention + "k_norm.weight"].to(dtype))


def test_a_tied_head_is_the_embedding(tmp_path: Path) -> None:
    config = ModelConfig.from_dict(small_config(tie_word_embeddings=True))
    write_weights(tmp_path, random_tensors(config))
    weights = load_weights(Checkpoint.open(tmp_path), config, CPU, torch.float32)
    assert weights.lm_head is weights.embedding


@pytest.mark.parametrize(("in_config", "in_file"), [(0, False), (0, True), (1, False), (1, True)])
def test_the_mtp_layer_is_optional(tmp_path: Path, in_config: int, in_file: bool) -> None:
    config = ModelConfig.from_dict(small_config(num_nextn_predict_layers=in_config))
    write_weights(tmp_path, random_tensors(config, mtp=in_file))
    weights = load_weights(Checkpoint.open(tmp_path), config, CPU, torch.float32)
    assert (weights.mtp is not None) == bool(in_config and in_file)


def test_every_misfit_is_named(tmp_path: Path) -> None:
    config = ModelConfig.from_dict(small_config())
    tensors = random_tensors(config)
    del tensors["model.norm.weight"]
    tensors["model.layers.9.surprise"] = torch.ones(1)
    tensors[EXPERT] = torch.zeros(24, 31)
    tensors["lm_head.weight"] = torch.zeros(VOCAB, 32, dtype=torch.int8)
    write_weights(tmp_path, tensors)
    with pytest.raises(CheckpointError) as caught:
        load_weights(Checkpoint.open(tmp_path), config, CPU, torch.float32)
    message = str(caught.value)
    assert "model.norm.weight is missing, wanted shape [32]" in message
    assert "model.layers.9.surprise is not part of this architecture" in message
    assert f"{EXPERT} has shape [24, 31], wanted [24, 32] (model.safetensors)" in message
    assert "lm_head.weight is stored as I8, wanted one of BF16, F16, F32 (model.safetensors)" in message
    assert "Take all files from the same revision" in message


def test_a_long_list_of_misfits_is_cut(tmp_path: Path) -> None:
    config = ModelConfig.from_dict(small_config())
    write_weights(tmp_path, {"model.norm.weight": torch.ones(32)})
    with pytest.raises(CheckpointError, match=r"and \d+ more"):
        load_weights(Checkpoint.open(tmp_path), config, CPU, torch.float32)


def test_an_incomplete_mtp_layer_is_a_fault(tmp_path: Path) -> None:
    config = ModelConfig.from_dict(small_config(num_mtp_layers=1))
    tensors = random_tensors(config, mtp=True)
    del tensors["mtp.fc.weight"]
    write_weights(tmp_path, tensors)
    with pytest.raises(CheckpointError, match=r"mtp\.fc\.weight is missing"):
        load_weights(Checkpoint.open(tmp_path), config, CPU, torch.float32)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("name", [EXPERT, "lm_head.weight", "model.layers.1.self_attn.k_norm.weight"])
def test_a_weight_that_is_no_number_is_named_with_its_file(tmp_path: Path, name: str, value: float) -> None:
    config = ModelConfig.from_dict(small_config())
    tensors = random_tensors(config)
    tensors[name].view(-1)[3] = value
    write_weights(tmp_path, tensors, shards=2)
    with pytest.raises(CheckpointError, match=rf"model-0000\d-of-00002\.safetensors: {re.escape(name)} holds"):
        load_weights(Checkpoint.open(tmp_path), config, CPU, torch.bfloat16)


def test_large_numbers_are_numbers(tmp_path: Path) -> None:
    config = ModelConfig.from_dict(small_config())
    tensors = random_tensors(config)
    tensors[EXPERT].fill_(3e38)  # their sum is infinite
    write_weights(tmp_path, tensors)
    assert load_weights(Checkpoint.open(tmp_path), config, CPU, torch.float32).layers
    with pytest.raises(CheckpointError, match=r"not a finite number .* in float16"):
        load_weights(Checkpoint.open(tmp_path), config, CPU, torch.float16)


def test_a_config_of_more_networks_than_there_are_tensors(tmp_path: Path) -> None:
    raw = small_config(num_experts=4096, num_hidden_layers=1000, layer_types=["full_attention"] * 1000)
    config = ModelConfig.from_dict({**raw, "mlp_layer_types": ["sparse"] * 1000})
    write_weights(tmp_path, {"model.norm.weight": torch.ones(32)})
    with pytest.raises(CheckpointError, match="describes 4096000 feed-forward networks in 1000 layers"):
        load_weights(Checkpoint.open(tmp_path), config, CPU, torch.float32)
