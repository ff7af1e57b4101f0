import json
from pathlib import Path

import pytest
import torch

from mellum_ls.runtime.checkpoint import Checkpoint
from mellum_ls.runtime.errors import CheckpointError, ModelNotFound
from tests.fakes.checkpoints import write_weights
from tests.fakes.unprivileged import as_nobody

TENSORS = {"a": torch.arange(6.0).view(2, 3), "b": torch.ones(4, dtype=torch.bfloat16), "c": torch.zeros(1)}


@pytest.mark.parametrize("shards", [1, 2, 3])
def test_tensors_are_found_and_read(tmp_path: Path, shards: int) -> None:
    write_weights(tmp_path, TENSORS, shards=shards)
    checkpoint = Checkpoint.open(tmp_path)
    assert {name: entry.shape for name, entry in checkpoint.tensors.items()} == {
        "a": (2, 3),
        "b": (4,),
        "c": (1,),
    }
    assert checkpoint.tensors["b"].dtype == "BF16"
    read = dict(checkpoint.read(["c", "a", "b"]))
    assert read.keys() == TENSORS.keys()
    assert all(torch.equal(read[name], TENSORS[name]) for name in TENSORS)


def test_no_weights_at_all(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match=r"neither model\.safetensors nor"):
        Checkpoint.open(tmp_path)


@pytest.mark.parametrize("cut", [1, 5, 30])
def test_a_truncated_file(tmp_path: Path, cut: int) -> None:
    write_weights(tmp_path, TENSORS)
    file = tmp_path / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-cut])
    with pytest.raises(CheckpointError, match=r"model\.safetensors is truncated: \d+ bytes, its header promises \d+"):
        Checkpoint.open(tmp_path)


@pytest.mark.parametrize(
    "content", [b"", b"1234", b"\xff" * 64, b"<html>not found</html>", b"\x02" + b"\0" * 7 + b"[]"]
)
def test_something_that_is_no_safetensors_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "model.safetensors").write_bytes(content)
    with pytest.raises(CheckpointError, match=r"model\.safetensors (is not a safetensors file|has a damaged)"):
        Checkpoint.open(tmp_path)


def test_missing_shards_are_named(tmp_path: Path) -> None:
    write_weights(tmp_path, TENSORS, shards=3)
    (tmp_path / "model-00002-of-00003.safetensors").unlink()
    with pytest.raises(CheckpointError, match=r"lacks 1 of 3 weight files: model-00002-of-00003\.safetensors"):
        Checkpoint.open(tmp_path)


def test_an_index_that_does_not_fit_its_shards(tmp_path: Path) -> None:
    write_weights(tmp_path, TENSORS, shards=2)
    index = tmp_path / "model.safetensors.index.json"
    raw = json.loads(index.read_text())
    raw["weight_map"]["ghost"] = raw["weight_map"]["a"]
    index.write_text(json.dumps(raw))
    with pytest.raises(CheckpointError, match="ghost is in"):
        Checkpoint.open(tmp_path)
    for content, words in (
        ("[]", "wanted an object"),
        ("{}", "wanted an object with weight_map"),
        ('{"weight_map": {"a": "../a.safetensors"}}', "names no file of its folder for a"),
        ('{"weight_map": {"a": 7}}', "names no file of its folder for a"),
        ("", "it is empty"),
    ):
        index.write_text(content)
        with pytest.raises(CheckpointError, match=words):
            Checkpoint.open(tmp_path)


def test_shards_without_their_index(tmp_path: Path) -> None:
    write_weights(tmp_path, TENSORS, shards=2)
    (tmp_path / "model.safetensors.index.json").unlink()
    with pytest.raises(CheckpointError, match=r"2 weight files and no model\.safetensors\.index\.json.*models pull"):
        Checkpoint.open(tmp_path)


def test_a_file_without_permission(tmp_path: Path) -> None:
    write_weights(tmp_path, TENSORS)
    (tmp_path / "model.safetensors").chmod(0)
    with as_nobody(tmp_path), pytest.raises(CheckpointError, match=r"model\.safetensors cannot be .*permission denied"):
        Checkpoint.open(tmp_path)


def test_a_tensor_in_two_shards(tmp_path: Path) -> None:
    write_weights(tmp_path, TENSORS, shards=2)
    first = tmp_path / "model-00001-of-00002.safetensors"
    (tmp_path / "model-00002-of-00002.safetensors").write_bytes(first.read_bytes())
    with pytest.raises(CheckpointError, match="is in two files"):
        Checkpoint.open(tmp_path)
