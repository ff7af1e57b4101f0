"""What a user says about a checkpoint against its own files: one JSON file, checked, and its effect on the config.

The file is `mellum.json` beside the weights, or the one that MELLUM_PROFILE names, which wins whole. What is left out
stays as the checkpoint says. Reads no other file of the checkpoint.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.errors import ConfigError
from mellum_ls.runtime.json_file import read_object

OVERRIDES_FILE = "mellum.json"
MAX_QUOTED = 80

Check = Callable[[Any], bool]


def _text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _text_or_none(value: Any) -> bool:
    return value is None or _text(value)


def _between(least: float, most: float) -> Check:
    return lambda value: type(value) in (int, float) and least <= value <= most


def _whole(value: Any) -> bool:
    return type(value) is int and value >= 1


def _stops(value: Any) -> bool:
    return isinstance(value, list) and all(_text(stop) or (type(stop) is int and stop >= 0) for stop in value)


_TOKEN = "the text of a special token"
KEYS: Mapping[str, tuple[str, Check]] = {
    "fim_order": ("'spm' (suffix first), 'psm' or 'efim'", lambda value: value in ("spm", "psm", "efim")),
    "fim_prefix": (_TOKEN, _text),
    "fim_middle": (_TOKEN, _text),
    "fim_suffix": (_TOKEN, _text),
    "filename_token": (f"{_TOKEN}, or null for prompts without names of files", _text_or_none),
    "reponame_token": (f"{_TOKEN}, or null for prompts without the repository's name", _text_or_none),
    "stop_tokens": ("a list of ids and texts of special tokens: all that end a completion", _stops),
    "chat_template": ("the name of a file beside this one, or null for a model that does not chat", _text_or_none),
    "thinking_switch": ("the name of the template's variable, or null for none", _text_or_none),
    "context_length": ("a whole number of tokens", _whole),
    "yarn": ("false: frequencies as before the context was made longer", lambda value: value is False),
    "mtp": ("false: leave out the layer that predicts several tokens", lambda value: value is False),
    "temperature": ("a number from 0 to 10", _between(0, 10)),
    "top_p": ("a number from 0 to 1", _between(0, 1)),
    "top_k": ("a whole number of 1 or more", _whole),
}
"""Each key, what is wanted of it, and whether a value is that."""


@dataclass(frozen=True, slots=True)
class Overrides:
    """The values of one file, checked each by itself; empty if there is none."""

    values: Mapping[str, Any] = field(default_factory=dict)
    path: Path = Path(OVERRIDES_FILE)

    def apply(self, config: ModelConfig) -> ModelConfig:
        """The config with what is said here about its architecture. Raises ConfigError where it cannot be so."""
        most = config.max_position_embeddings
        if "yarn" in self.values:
            yarns = [rope.yarn for rope in config.rope.values() if rope.yarn is not None]
            most = min(most, *(yarn.original_max_position_embeddings for yarn in yarns), most)
            config = replace(config, rope={kind: replace(rope, yarn=None) for kind, rope in config.rope.items()})
        wanted = self.values.get("context_length", most)
        if wanted > most:
            raise ConfigError(f"{self.path}: context_length is {wanted}, the checkpoint was made for {most} at most")
        if "mtp" in self.values:
            config = replace(config, num_mtp_layers=0)
        return replace(config, max_position_embeddings=wanted)


NONE = Overrides()


def read_overrides(model_dir: Path, named: Path | None = None) -> Overrides:
    """What the file says: `named`, or else mellum.json in the model's folder, if it is there.

    Raises ConfigError for a file that was named and is not there, and, all in one, for keys that nobody knows, with the
    nearest that somebody does, and values that are none.
    """
    path = model_dir / OVERRIDES_FILE if named is None else named
    raw = read_object(path, ConfigError)
    if raw is None:
        if named is not None:
            raise ConfigError(f"MELLUM_PROFILE names {named}, which is no file: correct it, or unset it")
        return NONE
    problems = [problem for key, value in raw.items() if (problem := _problem(key, value))]
    if problems:
        listed = "\n".join(f"  {problem}" for problem in problems)
        raise ConfigError(f"{path} cannot be used:\n{listed}")
    return Overrides(raw, path)


def _problem(key: str, value: Any) -> str | None:
    if key not in KEYS:
        near = difflib.get_close_matches(key.lower(), KEYS, n=1, cutoff=0)[0]
        return f"{key!r:.{MAX_QUOTED}} is not known; the nearest key is {near}"
    wanted, fits = KEYS[key]
    return None if fits(value) else f"{key} is {value!r:.{MAX_QUOTED}}, wanted {wanted}"
