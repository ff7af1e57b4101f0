"""One model in a GGUF file as whoever loads or examines a model wants it: config, tokenizer, profile and tensors."""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from mellum_ls.runtime.chat import SWITCH, ChatFormat, read_chat_format
from mellum_ls.runtime.chat_template import ChatTemplate
from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.errors import ConfigError, TokenizerError
from mellum_ls.runtime.gguf_files import vocabulary
from mellum_ls.runtime.gguf_files.facts import read_config
from mellum_ls.runtime.gguf_files.parts import GgufModel, open_parts
from mellum_ls.runtime.gguf_files.weights import GgufCheckpoint
from mellum_ls.runtime.overrides import Overrides, read_overrides
from mellum_ls.runtime.profile import Profile
from mellum_ls.runtime.tokenizer import Tokenizer

logger = logging.getLogger(__name__)


class GgufFiles:
    """A model file, or all files of a split one; each part raises the error of its kind that names the file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @cached_property
    def model(self) -> GgufModel:
        """The headers, read once. Raises ModelNotFound and CheckpointError."""
        return open_parts(self.path)

    def overrides(self, named: Path | None) -> Overrides:
        """The file that is named, or mellum.json beside the model. Raises ConfigError."""
        return read_overrides(self.path.parent, named)

    def config(self) -> ModelConfig:
        """The architecture. There is no layer for several tokens in these files. Raises ConfigError."""
        return read_config(self.model.metadata, self.path)

    def tokenizer(self, config: ModelConfig | None) -> Tokenizer:
        """The tokenizer. Raises TokenizerError, also where it is another model's."""
        tokenizer = vocabulary.read_tokenizer(self.model.metadata, self.path)
        if config is None:
            return tokenizer
        highest = max((*tokenizer.special_ids.values(), tokenizer.vocab_size - 1))
        if highest >= config.vocab_size:
            raise TokenizerError(
                f"{self.path} has {highest + 1} ids, its weights {config.vocab_size}. Take another file."
            )
        special = set(tokenizer.special_ids.values())
        for number in config.eos_token_ids:
            if number not in special:
                raise TokenizerError(
                    f"{self.path} ends texts with the id {number}, which is no special token. Take another file."
                )
        return tokenizer

    def profile(self, config: ModelConfig, tokenizer: Tokenizer, overrides: Overrides) -> Profile:
        """What the model can do, by the file and `overrides` against it. Raises ConfigError."""
        profile = Profile.derive(config, {}, tokenizer, self._chat(tokenizer, overrides), overrides=overrides)
        own = overrides.path.name
        origins = {
            key: ", ".join(
                dict.fromkeys(file if file in (own, "default") else self.path.name for file in said.split(", "))
            )
            for key, said in profile.origins.items()
        }
        return replace(profile, origins=origins)

    def checkpoint(self) -> GgufCheckpoint:
        """The tensors; headers only are read. Raises CheckpointError, and ConfigError as `config` does."""
        return GgufCheckpoint.of(self.model, self.config())

    def _chat(self, tokenizer: Tokenizer, overrides: Overrides) -> tuple[ChatFormat | None, str]:
        said = overrides.values
        switch = said.get("thinking_switch", SWITCH)
        if said.get("chat_template"):
            template = overrides.path.parent / said["chat_template"]
            return read_chat_format(self.path.parent, tokenizer, template=template, switch=switch)
        if "chat_template" in said:
            return None, f"{overrides.path.name} says that it does not"
        source, why = vocabulary.chat_template(self.model.metadata)
        if source is None:
            return None, why
        try:
            names = vocabulary.named_tokens(self.model.metadata)
            return ChatFormat(ChatTemplate(source, names), tokenizer, switch), ""
        except ConfigError as error:
            logger.warning("no chat with %s: %s", self.path, error)
            return None, f"it cannot be used: {error}"
