import logging
from pathlib import Path

import pytest
import torch

from mellum_ls.kernels._cpu.binding import library
from mellum_ls.runtime import assemble as module
from mellum_ls.runtime.assemble import assemble, fused_or_plain, native_or_plain, obstacle
from mellum_ls.runtime.checkpoint import Checkpoint
from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.model import Model
from mellum_ls.runtime.native import NativeModel
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
