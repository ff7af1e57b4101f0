import logging
from pathlib import Path

import pytest
import torch

from mellum_ls.kernels._cpu.binding import library
from mellum_ls.runtime import assemble as module
from mellum_ls.runtime.assemble import assemble, assemble_from, fused_or_plain, native_or_plain, obstacle
from mellum_ls.runtime.checkpoint import Checkpoint
from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.errors import SettingError
from mellum_ls.runtime.formats import WEIGHT_FORMATS, FormatName, format_of
from mellum_ls.runtime.model import Model
from mellum_ls.runtime.model_files import model_files
from mellum_ls.runtime.native import NativeModel
from mellum_ls.runtime.packed.load import Source
from mellum_ls.runtime.packed.shipped import ship
from tests.fakes.checkpoints import small_config, write_checkpoint

CPU = torch.device("cpu")


def test_a_processor_keeps_floats_and_takes_compiled_layers_where_it_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    write_checkpoint(tmp_path)
    config = ModelConfig.from_dict(small_config())
    weights = assemble(Checkpoint.open(tmp_path), config, CPU, torch.float32).weights
    assert weights.embedding.dtype == torch.float32
    monkeypatch.setattr(module, "native_obstacle", lambda config, weights: "they are on holiday")
    with caplog.at_level(logging.INFO):
        assert type(native_or_plain(config, weights)) is Model
    assert "they are on holiday" in caplog.text
    if not isinstance(library(), str):
        monkeypatch.undo()
        assert type(native_or_plain(config, weights)) is NativeModel


@pytest.mark.parametrize("name", ["bf16", "int8", "int4"])
def test_a_processor_computes_with_packed_weights(tmp_path: Path, name: FormatName) -> None:
    write_checkpoint(tmp_path / "model")
    config = ModelConfig.from_dict(small_config())
    models = [
        assemble(Checkpoint.open(tmp_path / "model"), config, CPU, torch.float32, name, cache)
        for cache in (None, tmp_path / "cache", tmp_path / "cache")
    ]
    assert {format_of(model.weights) for model in models} == {name}
    assert {model.dtype for model in models} == {torch.float32}
    logits = [model.logits(model.forward(torch.arange(5), model.new_cache())) for model in models]
    assert torch.equal(logits[0], logits[1])
    assert torch.equal(logits[1], logits[2])
    kept = [path.name for path in (tmp_path / "cache").glob("packed/*/*.safetensors")]
    assert kept == ([] if name == "bf16" else [f"{name}.safetensors"])


def test_what_cannot_fit_is_refused_before_anything_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_checkpoint(tmp_path)
    checkpoint, config = Checkpoint.open(tmp_path), ModelConfig.from_dict(small_config())
    monkeypatch.setattr(module, "free_memory", lambda device: 1000)
    for load in ("load_weights", "load_packed", "load_kept"):
        monkeypatch.setattr(module, load, lambda *_, **__: pytest.fail("weights were read"))
    with pytest.raises(SettingError, match="are free"):
        assemble(checkpoint, config, CPU, torch.float32)


def test_a_folder_of_packed_weights_is_served_as_it_is(tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "model")
    config = ModelConfig.from_dict(small_config())
    checkpoint = Checkpoint.open(tmp_path / "model")
    ship(Source(checkpoint, config, WEIGHT_FORMATS["int8"]), tmp_path / "out", CPU)
    model = assemble_from(model_files(tmp_path / "out"), config, CPU, torch.float32)
    assert format_of(model.weights) == "int8"
    with pytest.raises(SettingError, match="holds the weights as int8, not as int4"):
        assemble_from(model_files(tmp_path / "out"), config, CPU, torch.float32, "int4")
    assert format_of(assemble_from(model_files(tmp_path / "model"), config, CPU, torch.float32).weights) == "float"


def test_what_stands_in_the_way_of_the_kernels_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    config = ModelConfig.from_dict(small_config())
    assert "not for cpu" in str(obstacle(config, CPU, torch.float32))
    odd = ModelConfig.from_dict(small_config(head_dim=24))
    assert "heads of 24 numbers" in str(obstacle(odd, CPU, torch.float32))
    write_checkpoint(tmp_path)
    weights = assemble(Checkpoint.open(tmp_path), config, CPU, torch.float32).weights
    with caplog.at_level(logging.WARNING):
        assert type(fused_or_plain(config, weights)) is Model
    assert "torch's own operations" in caplog.text
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    assert obstacle(config, CPU, torch.float32) == "triton is not installed"


def test_where_the_kernels_run_they_are_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "triton_serves", lambda device, dtype: None)
    write_checkpoint(tmp_path)
    config = ModelConfig.from_dict(small_config())
    weights = assemble(Checkpoint.open(tmp_path), config, CPU, torch.float32).weights
    prepared: list[Model] = []
    monkeypatch.setattr("mellum_ls.runtime.fused.FusedModel.prepare", lambda self: prepared.append(self))
    model = fused_or_plain(config, weights)
    assert type(model).__name__ == "FusedModel"
    assert prepared == [model]
