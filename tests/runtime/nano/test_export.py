"""The exported checkpoint is in the released format, complete and fingerprinted."""

import json
from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.engine import Engine
from mellum_ls.runtime.errors import TokenizerError
from mellum_ls.runtime.nano.export import export, released_names, sha256
from mellum_ls.runtime.nano.network import Network
from mellum_ls.runtime.nano.shape import nano_config
from mellum_ls.runtime.nano.train_tokenizer import train
from mellum_ls.runtime.weights import expected_tensors


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> tuple[Network, Path]:
    folder = tmp_path_factory.mktemp("export")
    train(iter(["def main():\n    return 42\n"] * 20), 384).save(str(folder / "tokenizer.json"))
    vocab = len(json.loads((folder / "tokenizer.json").read_text())["model"]["vocab"])
    network = Network(ModelConfig.from_dict(nano_config("0" * 64, layers=4, hidden=64, vocab_size=vocab)))
    export(network, folder / "tokenizer.json", folder / "model")
    return network, folder / "model"


def test_names_and_shapes_are_those_of_the_architecture(checkpoint: tuple[Network, Path]) -> None:
    network, folder = checkpoint
    config = ModelConfig.from_file(folder / "config.json")
    shapes = {name: tuple(tensor.shape) for name, tensor in released_names(network).items()}
    assert shapes == {name: tuple(shape) for name, shape in expected_tensors(config, mtp=True).items()}
    with safe_open(folder / "model.safetensors", framework="pt") as file:
        assert set(file.keys()) == set(shapes)
        assert file.get_tensor("lm_head.weight").dtype == torch.bfloat16


def test_a_foreign_tokenizer_is_refused(checkpoint: tuple[Network, Path], tmp_path: Path) -> None:
    _, folder = checkpoint
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    config = json.loads((tmp_path / "config.json").read_text())
    assert config["tokenizer_sha256"] == sha256(tmp_path / "tokenizer.json")
    (tmp_path / "tokenizer.json").write_bytes((tmp_path / "tokenizer.json").read_bytes() + b"\n")
    with pytest.raises(TokenizerError, match="sha256"):
        Engine.load(tmp_path)
