"""Where the parts of a model come from: the files of a directory in the Hugging Face layout, or one GGUF file.

The one place that tells them apart; whoever loads or examines a model asks here. Loads only what it is asked for.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from mellum_ls.runtime.belonging import TOKENIZER_FILE, read_tokenizer
from mellum_ls.runtime.checkpoint import Checkpoint
from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.errors import ModelNotFound
from mellum_ls.runtime.gguf_files.header import is_gguf
from mellum_ls.runtime.overrides import Overrides, read_overrides
from mellum_ls.runtime.profile import CONFIG_FILE, Profile, read_profile
from mellum_ls.runtime.tokenizer import Tokenizer


class ModelFiles(Protocol):
    """One model on the disk. Every part raises a ModelError that names the file and the remedy."""

    @property
    def path(self) -> Path:
        """What was named."""
        ...

    def overrides(self, named: Path | None) -> Overrides:
        """What the user says about it, in the file `named` or beside it."""
        ...

    def config(self) -> ModelConfig:
        """Its architecture, without the overrides."""
        ...

    def tokenizer(self, config: ModelConfig | None) -> Tokenizer:
        """Its tokenizer, if it is that of these weights; without a config that is not looked at."""
        ...

    def profile(self, config: ModelConfig, tokenizer: Tokenizer, overrides: Overrides) -> Profile:
        """What it can do; `config` has the overrides applied."""
        ...

    def checkpoint(self) -> Checkpoint:
        """Its tensors; headers only are read."""
        ...


class DirectoryFiles:
    """A model directory: config.json, tokenizer.json, safetensors files and what else lies there."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def overrides(self, named: Path | None) -> Overrides:
        """See ModelFiles; so are the others."""
        return read_overrides(self.path, named)

    def config(self) -> ModelConfig:
        """config.json."""
        return ModelConfig.from_file(self.path / CONFIG_FILE)

    def tokenizer(self, config: ModelConfig | None) -> Tokenizer:
        """tokenizer.json."""
        if config is None:
            return Tokenizer.from_file(self.path / TOKENIZER_FILE)
        return read_tokenizer(self.path, config)

    def profile(self, config: ModelConfig, tokenizer: Tokenizer, overrides: Overrides) -> Profile:
        """From all files."""
        return read_profile(self.path, config, tokenizer, overrides)

    def checkpoint(self) -> Checkpoint:
        """The safetensors files."""
        return Checkpoint.open(self.path)


def model_files(path: Path) -> ModelFiles:
    """The parts of the model at `path`, a directory or a GGUF file. Raises ModelNotFound if it is neither."""
    if path.is_dir():
        return DirectoryFiles(path)
    if is_gguf(path) or path.suffix == ".gguf":
        # Few load such a file, and the others need not wait for what reads it.
        from mellum_ls.runtime.gguf_files.files import GgufFiles

        return GgufFiles(path)
    raise ModelNotFound(f"there is no model directory and no GGUF file {path}")
