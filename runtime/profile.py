"""What a checkpoint can do: its fill-in-the-middle tokens and order, the ids that end a completion, whether it chats.

Derived from config.json, generation_config.json, its chat template and the tokenizer's own tokens; never from a file
name.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from mellum_ls.runtime.chat import NO_TEMPLATE, ChatFormat
from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.errors import ConfigError
from mellum_ls.runtime.tokenizer import Tokenizer

# What comes first, suffix or prefix; efim is prefix first for a cache, see fim.lay_out.
FimOrder = Literal["spm", "psm", "efim"]

# Whatever the eos of a checkpoint is (it differs between releases), none of these belongs inside a completion.
STOP_TOKENS = (
    "<|endoftext|>",
    "<filename>",
    "<fim_prefix>",
    "<fim_middle>",
    "<fim_suffix>",
    "<reponame>",
    "<|im_start|>",
    "<|im_end|>",
)


@dataclass(frozen=True, slots=True)
class FimTokens:
    """Ids of the sentinels; the two that introduce names may be absent, and then the names are left out."""

    prefix: int
    middle: int
    suffix: int
    filename: int | None
    reponame: int | None


@dataclass(frozen=True, slots=True)
class Profile:
    """The abilities of one checkpoint."""

    fim: FimTokens | None
    """None if the tokenizer has no sentinels: then the checkpoint cannot complete between two texts."""
    fim_order: FimOrder
    stop_ids: frozenset[int]
    chat: ChatFormat | None = None
    """None if it cannot be talked to."""
    no_chat: str = NO_TEMPLATE
    """Why it cannot, in words to put behind its name; empty where it can."""

    @classmethod
    def derive(
        cls,
        config: ModelConfig,
        generation_config: Mapping[str, Any],
        tokenizer: Tokenizer,
        chat: tuple[ChatFormat | None, str] = (None, NO_TEMPLATE),
    ) -> "Profile":
        """Put the facts together. The suffix comes first: then typing only appends to the prompt."""
        eos = generation_config.get("eos_token_id")
        stop_ids = {*config.eos_token_ids, *(eos if isinstance(eos, list) else [] if eos is None else [eos])}
        stop_ids.update(number for token in STOP_TOKENS if (number := tokenizer.id_of(token)) is not None)
        return cls(_fim_tokens(tokenizer), "spm", frozenset(stop_ids), *chat)


def _fim_tokens(tokenizer: Tokenizer) -> FimTokens | None:
    prefix, middle, suffix = (tokenizer.id_of(f"<fim_{part}>") for part in ("prefix", "middle", "suffix"))
    if prefix is None or middle is None or suffix is None:
        return None
    return FimTokens(prefix, middle, suffix, tokenizer.id_of("<filename>"), tokenizer.id_of("<reponame>"))


def read_generation_config(path: Path) -> dict[str, Any]:
    """The parsed generation_config.json; empty if the checkpoint has none."""
    if not path.is_file():
        return {}
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read as JSON: {error}") from error
    eos = raw.get("eos_token_id") if isinstance(raw, dict) else None
    ids = eos if isinstance(eos, list) else [] if eos is None else [eos]
    if not isinstance(raw, dict) or not all(type(number) is int for number in ids):
        raise ConfigError(f"{path}: eos_token_id is {eos!r}, wanted a token id or a list of token ids")
    return raw
