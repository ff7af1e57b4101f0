from pathlib import Path

import pytest
import torch

from mellum_ls.runtime.checkpoint import Checkpoint
from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.errors import CheckpointError, StorageError
from mellum_ls.runtime.formats import WEIGHT_FORMATS, load_packed
from mellum_ls.runtime.packed.load import Source
from mellum_ls.runtime.packed.naming import named
from mellum_ls.runtime.packed.shipped import load_shipped, ship, shipped_file, shipped_formats
from tests.fakes.checkpoints import small_config, write_checkpoint

RAW = small_config(num_nextn_predict_layers=1, mtp_layer_types=["sliding_attention"], mtp_mlp_layer_types=["sparse"])
CONFIG = ModelConfig.from_dict(RAW)
PLACE = (torch.device("cpu"), torch.float32)


@pytest.fixture
def source(tmp_path: Path) -> Source:
    folder = write_checkpoint(tmp_path / "model", RAW, mtp=True, dtype=torch.bfloat16)
    return Source(Checkpoint.open(folder), CONFIG, WEIGHT_FORMATS["int4"])


def test_the_folder_stands_for_itself(source: Source, tmp_path: Path) -> None:
    file = ship(source, tmp_path / "out", PLACE[0])
    assert file == shipped_file(tmp_path / "out", "int4")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "config.json",
        "generation_config.json",
        "packed-int4.safetensors",
        "tokenizer.json",
    ]
    direct = load_packed(source.checkpoint, CONFIG, *PLACE, source.format)
    for path in source.checkpoint.directory.iterdir():
        path.unlink()
    assert shipped_formats(tmp_path / "out") == ("int4",)
    found = load_shipped(tmp_path / "out", CONFIG, *PLACE, "int4")
    assert found.mtp is not None
    for (name, one), (_, other) in zip(named(found), named(direct), strict=True):
        assert torch.equal(one, other), name


def test_a_checkpoint_is_no_such_folder_and_is_not_written_into(source: Source) -> None:
    assert shipped_formats(source.checkpoint.directory) == ()
    with pytest.raises(StorageError, match="holds a checkpoint"):
        ship(source, source.checkpoint.directory, PLACE[0])


def test_what_is_damaged_or_of_another_model_is_named(source: Source, tmp_path: Path) -> None:
    file = ship(source, tmp_path / "out", PLACE[0])
    whole = file.read_bytes()
    other = ModelConfig.from_dict(small_config(num_experts=4))
    with pytest.raises(CheckpointError, match=r"packed-int4.*other tensors"):
        load_shipped(tmp_path / "out", other, *PLACE, "int4")
    for damaged in (b"", whole[:100], whole[:-1], whole[:-70] + b"x" + whole[-69:], b"\xff" * 200):
        file.write_bytes(damaged)
        with pytest.raises(CheckpointError, match=r"packed-int4.*models quantize"):
            load_shipped(tmp_path / "out", CONFIG, *PLACE, "int4")
