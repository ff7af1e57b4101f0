"""Text to token ids and back. Text never turns into a special token, and ids never turn into half a character.

Knows the tokenizer.json format (byte-level BPE); which special token means what is decided in profile.py.
"""

import codecs
import hashlib
import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import tokenizers

from mellum_ls.runtime import boundaries
from mellum_ls.runtime.errors import ModelNotFound, TokenizerError
from mellum_ls.runtime.json_file import AGAIN, reason

logger = logging.getLogger(__name__)


def byte_alphabet() -> dict[str, int]:
    """The byte that each printable character of a byte-level vocabulary stands for (GPT-2, Radford 2019)."""
    printable = [
        *range(ord("!"), ord("~") + 1),
        *range(ord("¡"), ord("¬") + 1),
        *range(ord("®"), ord("ÿ") + 1),
    ]
    others = [byte for byte in range(256) if byte not in set(printable)]
    alphabet = {chr(byte): byte for byte in printable}
    alphabet.update({chr(256 + index): byte for index, byte in enumerate(others)})
    return alphabet


def well_formed(text: str) -> str:
    """The text with each lone surrogate, cut out of a pair by an editor, as "?": it has no UTF-8 form. Same length."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _refuse_affixes(source: str, raw: Any) -> None:
    """Byte-level tokens have none; the library cuts them off in the middle of a character, which ends the process."""
    for key in ("continuing_subword_prefix", "end_of_word_suffix"):
        if found := raw["model"].get(key):
            raise TokenizerError(f"{source}: model.{key} is {found!r:.80}, wanted none. {AGAIN}")


@dataclass(frozen=True)
class Tokenizer:
    """A byte-level BPE tokenizer with its special tokens kept apart from text."""

    inner: tokenizers.Tokenizer
    special_ids: dict[str, int]
    """Every added token by its text; none of them is ever produced by `encode` or shown by a detokeniser."""
    sha256: str

    @classmethod
    def from_file(cls, path: Path, *, expected_sha256: str | None = None) -> "Tokenizer":
        """Load a tokenizer.json; TokenizerError if it is unusable or not the one the checkpoint names."""
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            raise ModelNotFound(f"{path} is missing: the model directory has no tokenizer") from None
        except OSError as error:
            raise TokenizerError(f"{path} cannot be read: {reason(error)}") from error
        found = hashlib.sha256(data).hexdigest()
        if expected_sha256 is not None and found != expected_sha256:
            raise TokenizerError(
                f"{path} is not the tokenizer of these weights: config.json wants sha256 {expected_sha256}, "
                f"the file has {found}. Take all files from the same revision."
            )
        return cls.from_json(data, source=str(path))

    @classmethod
    def from_json(cls, data: bytes, *, source: str) -> "Tokenizer":
        """The tokenizer of the contents of a tokenizer.json; `source` is for errors. Raises TokenizerError."""
        try:
            raw = json.loads(data)
            # Tokens that were added as ordinary words (<think>, <tool_call>) would be matched in the user's text even
            # with special-token matching off; marked as special they are not.
            for token in raw.get("added_tokens") or ():
                token["special"] = True
            _refuse_affixes(source, raw)
            inner = tokenizers.Tokenizer.from_str(json.dumps(raw))
            special_ids = {str(token["content"]): int(token["id"]) for token in raw.get("added_tokens") or ()}
        except TokenizerError:
            raise
        except Exception as error:
            raise TokenizerError(f"{source} cannot be read as a tokenizer.json: {error}. {AGAIN}") from error
        if (raw.get("decoder") or {}).get("type") != "ByteLevel":
            raise TokenizerError(f"{source}: the decoder is {raw.get('decoder')!r}, wanted ByteLevel")
        inner.encode_special_tokens = True
        inner.no_padding()
        inner.no_truncation()
        return cls(inner, special_ids, hashlib.sha256(data).hexdigest())

    @property
    def vocab_size(self) -> int:
        """Number of ids, special ones included."""
        return int(self.inner.get_vocab_size(with_added_tokens=True))

    def encode(self, text: str) -> list[int]:
        """The ids of the text alone: nothing is added, and what looks like a special token is text."""
        try:
            return list(self.inner.encode(text, add_special_tokens=False).ids)
        except (TypeError, UnicodeEncodeError):
            return list(self.inner.encode(well_formed(text), add_special_tokens=False).ids)

    def decode(self, ids: Iterable[int]) -> str:
        """The text of the ids; special tokens and a character cut off at the end are left out."""
        return Detokenizer(self).push(ids)

    def id_of(self, token: str) -> int | None:
        """The id of a special token by its text, None if this tokenizer has none of that text."""
        return self.special_ids.get(token)

    @cached_property
    def obstacle(self) -> str | None:
        """Why texts cannot be encoded in parts (see boundaries.py), logged when first asked; None if they can."""
        reason = boundaries.obstacle(self.inner)
        if reason is not None:
            logger.warning("the tokenizer encodes whole texts at every change: %s", reason)
        return reason

    @cached_property
    def pieces(self) -> dict[int, bytes]:
        """The bytes of each id that stands for text."""
        alphabet, hidden = byte_alphabet(), set(self.special_ids.values())
        vocabulary = self.inner.get_vocab(with_added_tokens=True)
        try:
            return {
                number: bytes(alphabet[char] for char in token)
                for token, number in vocabulary.items()
                if number not in hidden
            }
        except KeyError as error:
            raise TokenizerError(f"the vocabulary is not byte-level: it has the character {error}") from error


class Detokenizer:
    """Turns a stream of ids into text; the bytes of an unfinished character are held back."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._pieces = tokenizer.pieces
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")

    def push(self, ids: Iterable[int]) -> str:
        """The text that became complete with these ids, possibly empty. Ids without text are skipped."""
        return self._decoder.decode(b"".join(self._pieces.get(number, b"") for number in ids))
