"""The tokenizer and the chat template from a GGUF file's metadata: what tokenizer.json would say, in its own terms.

Knows byte-level BPE as llama.cpp's converter writes it. Which token means what is decided in profile.py.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mellum_ls.runtime.chat import NO_TEMPLATE
from mellum_ls.runtime.errors import TokenizerError
from mellum_ls.runtime.gguf_files.header import Value
from mellum_ls.runtime.json_file import AGAIN
from mellum_ls.runtime.tokenizer import Tokenizer

PREFIX = "tokenizer.ggml."
BYTE_LEVEL = "gpt2"
# Names of the one way to cut texts before they are encoded that Mellum2 has: each digit alone, then as GPT-2 does.
# "mellum2" is llama.cpp's; files that were converted before it knew the model have the name of one that cuts equally.
SPLITS_DIGITS = ("mellum2", "starcoder", "refact", "smollm", "command-r", "codeshell", "exaone", "minerva-7b")
NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = range(1, 7)
ADDED = (UNKNOWN, CONTROL, USER_DEFINED)
TEMPLATE_KEY = "tokenizer.chat_template"
NAMED_IDS = {
    "bos_token": "bos_token_id",
    "eos_token": "eos_token_id",
    "unk_token": "unknown_token_id",
    "sep_token": "seperator_token_id",  # so spelt in the format
    "pad_token": "padding_token_id",
}


def tokenizer_json(metadata: Mapping[str, Value], path: Path) -> dict[str, Any]:
    """The tokenizer.json that the metadata stands for; `path` is for errors. Raises TokenizerError."""
    model, split = metadata.get(f"{PREFIX}model"), metadata.get(f"{PREFIX}pre")
    if model != BYTE_LEVEL:
        raise TokenizerError(
            f"{path} has a tokenizer of the kind {model!r:.80}, wanted {BYTE_LEVEL!r}: it is not Mellum2's"
        )
    if split not in SPLITS_DIGITS:
        raise TokenizerError(
            f"{path} cuts texts as {split!r:.80}, wanted {SPLITS_DIGITS[0]!r}: every answer would be nonsense. "
            "Take a file that llama.cpp converted from the released model."
        )
    tokens, merges = _texts(metadata, "tokens", path), _texts(metadata, "merges", path)
    kinds = metadata.get(f"{PREFIX}token_type")
    if not isinstance(kinds, Sequence) or len(kinds) != len(tokens):
        raise TokenizerError(f"{path} does not say of what type each of its {len(tokens)} tokens is. {AGAIN}")
    # Rows of the weights that no token has are called [PAD123]; tokenizer.json has no such thing.
    vocabulary = {token: number for number, token in enumerate(tokens) if kinds[number] != UNUSED}
    if len(vocabulary) != sum(kind != UNUSED for kind in kinds):
        raise TokenizerError(f"{path} has the same token twice. {AGAIN}")
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    return {
        "version": "1.0",
        "added_tokens": [_added(number, token) for number, token in enumerate(tokens) if kinds[number] in ADDED],
        "normalizer": None,
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": [{"type": "Digits", "individual_digits": True}, byte_level],
        },
        "post_processor": None,
        "decoder": byte_level,
        "model": {"type": "BPE", "vocab": vocabulary, "merges": [_pair(merge, path) for merge in merges]},
    }


def read_tokenizer(metadata: Mapping[str, Value], path: Path) -> Tokenizer:
    """The tokenizer; `path` is for errors. Raises TokenizerError."""
    return Tokenizer.from_json(json.dumps(tokenizer_json(metadata, path)).encode(), source=str(path))


def chat_template(metadata: Mapping[str, Value]) -> tuple[str | None, str]:
    """The template, or None and why there is none, in words to put behind the model's name."""
    found = metadata.get(TEMPLATE_KEY)
    return (found, "") if isinstance(found, str) else (None, NO_TEMPLATE)


def named_tokens(metadata: Mapping[str, Value]) -> dict[str, str]:
    """The texts of the tokens that a template may ask for, by the names of tokenizer_config.json."""
    tokens = metadata.get(f"{PREFIX}tokens")
    ids = {name: metadata.get(PREFIX + key) for name, key in NAMED_IDS.items()}
    if not isinstance(tokens, Sequence):
        return {}
    return {
        name: str(tokens[number]) for name, number in ids.items() if type(number) is int and 0 <= number < len(tokens)
    }


def _texts(metadata: Mapping[str, Value], key: str, path: Path) -> Sequence[str]:
    found = metadata.get(PREFIX + key)
    if isinstance(found, str) or not isinstance(found, Sequence) or not all(isinstance(text, str) for text in found):
        raise TokenizerError(f"{path} has no {PREFIX}{key}: it holds no tokenizer. {AGAIN}")
    return [text for text in found if isinstance(text, str)]


def _pair(merge: str, path: Path) -> list[str]:
    """Both halves. They have no spaces: in byte-level words a space is another character."""
    halves = merge.split(" ")
    if len(halves) != 2 or not all(halves):
        raise TokenizerError(f"{path} has a merge that is not of two words. {AGAIN}")
    return halves


def _added(number: int, token: str) -> dict[str, Any]:
    plain = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
    return {"id": number, "content": token, **plain, "special": True}
