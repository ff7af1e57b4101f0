"""Whether a tokenizer is that of some weights: loads it only if nothing in the model directory speaks against it.

A tokenizer of another model gives ids that the weights read as other words; nothing fails then, and every answer is
nonsense. Knows no text.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.errors import ConfigError, TokenizerError
from mellum_ls.runtime.json_file import read_object
from mellum_ls.runtime.tokenizer import Tokenizer

logger = logging.getLogger(__name__)

TOKENIZER_FILE, TOKENIZER_CONFIG_FILE = "tokenizer.json", "tokenizer_config.json"
SAME_REVISION = "Take all files from the same revision of the same model."
# Weights have rows to spare, up to the next round number; a tokenizer this much smaller was made for fewer.
LEAST_SHARE = 0.5


def read_tokenizer(model_dir: Path, config: ModelConfig) -> Tokenizer:
    """The tokenizer of the directory.

    Raises ModelNotFound where there is none, TokenizerError where it cannot be used or belongs to other weights.
    """
    path = model_dir / TOKENIZER_FILE
    tokenizer = Tokenizer.from_file(path, expected_sha256=config.tokenizer_sha256)
    highest = max((*tokenizer.special_ids.values(), tokenizer.vocab_size - 1))
    if highest >= config.vocab_size:
        raise TokenizerError(f"{path} has {highest + 1} ids, the weights {config.vocab_size}. {SAME_REVISION}")
    special = set(tokenizer.special_ids.values())
    for number in config.eos_token_ids:
        if number not in special:
            raise TokenizerError(
                f"{path} is the tokenizer of another model: config.json ends texts with the id {number}, "
                f"which is no special token here. {SAME_REVISION}"
            )
    for text, number in named_tokens(read_tokenizer_config(model_dir)).items():
        if tokenizer.id_of(text) != number:
            raise TokenizerError(
                f"{path} is the tokenizer of another model: {TOKENIZER_CONFIG_FILE} gives {text!r:.80} "
                f"the id {number}, here it is {tokenizer.id_of(text)}. {SAME_REVISION}"
            )
    if tokenizer.vocab_size < LEAST_SHARE * config.vocab_size:
        logger.warning(
            "%s has %d ids, the weights %d: it may be the tokenizer of another model",
            path,
            tokenizer.vocab_size,
            config.vocab_size,
        )
    return tokenizer


def read_tokenizer_config(model_dir: Path) -> dict[str, Any]:
    """The parsed tokenizer_config.json, empty if there is none. Raises ConfigError if it cannot be read."""
    return read_object(model_dir / TOKENIZER_CONFIG_FILE, ConfigError) or {}


def named_tokens(settings: Mapping[str, Any]) -> dict[str, int]:
    """The added tokens that a tokenizer_config.json lists with their ids, by text; empty if it lists none."""
    listed = settings.get("added_tokens_decoder")
    if not isinstance(listed, dict):
        return {}
    return {
        token["content"]: int(number)
        for number, token in listed.items()
        if number.isascii() and number.isdigit() and isinstance(token, dict) and isinstance(token.get("content"), str)
    }
