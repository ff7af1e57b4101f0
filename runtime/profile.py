"""What a checkpoint can do: its fill-in-the-middle tokens and order, the ids that end a completion, whether it chats.

Derived from config.json, generation_config.json, tokenizer_config.json, its chat template and the tokenizer's own
tokens, and from what the user says against them (overrides.py); never from a file name.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from mellum_ls.runtime.belonging import TOKENIZER_CONFIG_FILE, TOKENIZER_FILE, read_tokenizer_config
from mellum_ls.runtime.chat import NO_TEMPLATE, ChatFormat, read_chat_format
from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.errors import ConfigError
from mellum_ls.runtime.json_file import read_object
from mellum_ls.runtime.overrides import NONE, Overrides
from mellum_ls.runtime.tokenizer import Tokenizer

# What comes first, suffix or prefix; efim is prefix first for a cache, see fim.lay_out.
FimOrder = Literal["spm", "psm", "efim"]

CONFIG_FILE, GENERATION_CONFIG_FILE = "config.json", "generation_config.json"
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
_FIM_TOKENS = {
    "fim_prefix": "<fim_prefix>",
    "fim_middle": "<fim_middle>",
    "fim_suffix": "<fim_suffix>",
    "filename_token": "<filename>",
    "reponame_token": "<reponame>",
}
SAMPLING_KEYS = ("temperature", "top_p", "top_k")


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
    sampling: Mapping[str, float] = field(default_factory=dict)
    """What the checkpoint recommends under SAMPLING_KEYS to whoever draws tokens; completions take the likeliest."""
    origins: Mapping[str, str] = field(default_factory=dict)
    """The file that each of these comes from, by key; "default" where no file says anything."""

    @classmethod
    def derive(
        cls,
        config: ModelConfig,
        generation_config: Mapping[str, Any],
        tokenizer: Tokenizer,
        chat: tuple[ChatFormat | None, str] = (None, NO_TEMPLATE),
        *,
        tokenizer_config: Mapping[str, Any] | None = None,
        overrides: Overrides = NONE,
    ) -> "Profile":
        """Put the facts together. The suffix comes first: then typing only appends to the prompt.

        Raises ConfigError where `overrides` names a token that the tokenizer has not.
        """
        said, file = overrides.values, overrides.path.name
        fim, fim_origin = _fim_tokens(tokenizer, overrides)
        stops, stops_origin = _stop_ids(config, generation_config, tokenizer, tokenizer_config or {}, overrides)
        recommended = {key: generation_config[key] for key in SAMPLING_KEYS if generation_config.get(key) is not None}
        drawn = {key: said[key] for key in SAMPLING_KEYS if key in said}
        origins = {
            "fim_order": file if "fim_order" in said else "default",
            "fim": fim_origin,
            "stop_ids": stops_origin,
            **{key: GENERATION_CONFIG_FILE for key in recommended},
            **{key: file for key in drawn},
        }
        order: FimOrder = said.get("fim_order", "spm")
        return cls(fim, order, stops, *chat, sampling={**recommended, **drawn}, origins=origins)


def read_profile(model_dir: Path, config: ModelConfig, tokenizer: Tokenizer, overrides: Overrides = NONE) -> Profile:
    """What the files of a model directory say, and `overrides` against them; `config` has them applied.

    Raises ConfigError where a file cannot be used, or names a token that is none.
    """
    said = overrides.values
    template = overrides.path.parent / said["chat_template"] if said.get("chat_template") else None
    chat: tuple[ChatFormat | None, str] = (None, f"{overrides.path.name} says that it does not")
    if template is not None or "chat_template" not in said:
        switch = {"switch": said["thinking_switch"]} if "thinking_switch" in said else {}
        chat = read_chat_format(model_dir, tokenizer, template=template, **switch)
    return Profile.derive(
        config,
        read_generation_config(model_dir / GENERATION_CONFIG_FILE),
        tokenizer,
        chat,
        tokenizer_config=read_tokenizer_config(model_dir),
        overrides=overrides,
    )


def _fim_tokens(tokenizer: Tokenizer, overrides: Overrides) -> tuple[FimTokens | None, str]:
    texts: dict[str, Any] = {key: overrides.values.get(key, text) for key, text in _FIM_TOKENS.items()}
    ids = {key: None if text is None else tokenizer.id_of(text) for key, text in texts.items()}
    for key, number in ids.items():
        if number is None and overrides.values.get(key) is not None:
            raise ConfigError(f"{overrides.path}: {key} is {texts[key]!r:.80}, which is no special token of this model")
    changed = [key for key in texts if key in overrides.values]
    origin = f"{TOKENIZER_FILE}, {overrides.path.name}" if changed else TOKENIZER_FILE
    prefix, middle, suffix = ids["fim_prefix"], ids["fim_middle"], ids["fim_suffix"]
    if prefix is None or middle is None or suffix is None:
        return None, origin
    return FimTokens(prefix, middle, suffix, ids["filename_token"], ids["reponame_token"]), origin


def _stop_ids(
    config: ModelConfig,
    generation_config: Mapping[str, Any],
    tokenizer: Tokenizer,
    tokenizer_config: Mapping[str, Any],
    overrides: Overrides,
) -> tuple[frozenset[int], str]:
    """The ids and the files that they come from. A list in the overrides stands for all of them."""
    if "stop_tokens" in overrides.values:
        named = {stop: _special(stop, tokenizer, overrides.path) for stop in overrides.values["stop_tokens"]}
        return frozenset(named.values()), overrides.path.name
    eos = generation_config.get("eos_token_id")
    end = tokenizer_config.get("eos_token")
    end = end.get("content") if isinstance(end, dict) else end
    sources: dict[str, Iterable[int | None]] = {
        CONFIG_FILE: config.eos_token_ids,
        GENERATION_CONFIG_FILE: eos if isinstance(eos, list) else [eos],
        TOKENIZER_CONFIG_FILE: [tokenizer.id_of(end) if isinstance(end, str) else None],
        TOKENIZER_FILE: map(tokenizer.id_of, STOP_TOKENS),
    }
    found = {file: {number for number in ids if number is not None} for file, ids in sources.items()}
    return frozenset().union(*found.values()), ", ".join(file for file, ids in found.items() if ids)


def _special(stop: str | int, tokenizer: Tokenizer, path: Path) -> int:
    number = tokenizer.id_of(stop) if isinstance(stop, str) else stop
    if number is None or number >= tokenizer.vocab_size:
        raise ConfigError(f"{path}: stop_tokens has {stop!r:.80}, which is no token of this model")
    return number


def read_generation_config(path: Path) -> dict[str, Any]:
    """The parsed generation_config.json; empty if the checkpoint has none. Raises ConfigError if it cannot be used."""
    raw = read_object(path, ConfigError)
    if raw is None:
        return {}
    eos = raw.get("eos_token_id")
    ids = eos if isinstance(eos, list) else [] if eos is None else [eos]
    if not all(type(number) is int and number >= 0 for number in ids):
        raise ConfigError(f"{path}: eos_token_id is {eos!r:.80}, wanted a token id or a list of token ids")
    for key in SAMPLING_KEYS:
        value = raw.get(key)
        if value is not None and (type(value) not in (int, float) or not 0 <= value < 1 << 31):
            raise ConfigError(f"{path}: {key} is {value!r:.80}, wanted a number of 0 or more")
    return raw
