from pathlib import Path

import pytest

from mellum_ls.runtime.errors import CheckpointError, ModelNotFound
from mellum_ls.runtime.gguf_files.files import GgufFiles
from mellum_ls.runtime.model_files import DirectoryFiles, model_files
from mellum_ls.runtime.overrides import NONE
from tests.fakes.checkpoints import write_checkpoint


def test_a_directory(tmp_path: Path) -> None:
    files = model_files(write_checkpoint(tmp_path / "model"))
    assert isinstance(files, DirectoryFiles)
    config = files.config()
    tokenizer = files.tokenizer(config)
    assert files.tokenizer(None).sha256 == tokenizer.sha256
    assert files.profile(config, tokenizer, files.overrides(None)).stop_ids >= {28}
    assert files.overrides(None) == NONE
    assert len(files.checkpoint().tensors) > config.num_experts * config.num_hidden_layers


def test_a_file_is_known_by_its_beginning_or_its_name(tmp_path: Path) -> None:
    (tmp_path / "blob").write_bytes(b"GGUF")
    (tmp_path / "model.gguf").write_bytes(b"nothing")
    for name, said in (("blob", "is cut off"), ("model.gguf", "is not a GGUF file")):
        files = model_files(tmp_path / name)
        assert isinstance(files, GgufFiles)
        with pytest.raises(CheckpointError, match=rf"{name} {said}"):
            files.config()


@pytest.mark.parametrize("name", ["none", "text"])
def test_neither(tmp_path: Path, name: str) -> None:
    (tmp_path / "text").write_text("hello")
    with pytest.raises(ModelNotFound, match=rf"no model directory and no GGUF file .*{name}"):
        model_files(tmp_path / name)
