"""Token healing: the piece of text that the cursor cuts is taken back and generated again, typed characters first.

A prompt that ends inside a token ("ret", or a blank that would have joined the next word) is one that the model has
rarely seen. So the last piece leaves the prompt, and the first generated ids must spell it before they may go on
(Lundberg 2023, "The art of prompt design: prompt boundaries and token healing"). Knows bytes of ids, not models.
"""

from __future__ import annotations

from bisect import bisect_left
from functools import lru_cache

import torch
from torch import Tensor

from mellum_ls.runtime.generate import likeliest
from mellum_ls.runtime.tokenizer import Tokenizer

# No piece that people type is longer; what is (a line of dashes) stays in the prompt.
MAX_TYPED_CHARS = 64
MOST_REMEMBERED = 128
_TAIL_CHARS = 4 * MAX_TYPED_CHARS


class Healer:
    """The vocabulary, sorted by bytes; one for each tokenizer."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._sorted = sorted((piece, number) for number, piece in tokenizer.pieces.items() if piece)
        self._by_bytes = dict(self._sorted)
        self._remembered = lru_cache(MOST_REMEMBERED)(self._find_fitting)

    def split(self, prefix: str) -> tuple[str, str]:
        """The prefix without its last piece, and that piece; the piece is empty where there is nothing to heal.

        A piece is what the tokenizer never joins with its neighbours: a word with the blank before it, a run of
        punctuation, a blank. One that no id continues is left alone, and so is an indent: its depth is the user's.
        An opening parenthesis stays too: whoever typed it means to fill it, and taken back it invites "()".
        """
        pre_tokenizer = self._tokenizer.inner.pre_tokenizer
        if not prefix or pre_tokenizer is None:
            return prefix, ""
        tail = prefix[-_TAIL_CHARS:]
        start, _ = pre_tokenizer.pre_tokenize_str(tail)[-1][1]
        typed = tail[start:]
        meant = typed.endswith("(") or (typed.isspace() and typed != " ")
        if meant or len(typed) > MAX_TYPED_CHARS or not self._continues(typed):
            return prefix, ""
        return prefix[: len(prefix) - len(typed)], typed

    def _continues(self, typed: str) -> bool:
        try:
            last = self._tokenizer.pieces[self._tokenizer.encode(typed)[-1]]
            return typed.encode().endswith(last) and self._has_longer(last)
        except UnicodeEncodeError:
            return False

    def fitting(self, missing: bytes) -> Tensor:
        """Ids [N] int64 that spell all of `missing` or more, or as much of it as the tokenizer's own first id.

        Shorter beginnings are left out: a lone first letter is likely in itself, but no beginning of this word. What
        was found is remembered: what begins with a blank is a third of a vocabulary, too much to collect at each key.
        """
        return self._remembered(missing)

    def _find_fitting(self, missing: bytes) -> Tensor:
        try:
            shortest = len(self.piece(self._tokenizer.encode(missing.decode())[0]))
        except UnicodeDecodeError:  # the rest of a character
            shortest = 1
        shorter = [self._by_bytes.get(missing[:length]) for length in range(shortest, len(missing))]
        fitting = self._starting_with(missing) + [number for number in shorter if number is not None]
        assert fitting, f"no id spells {missing!r}: the vocabulary is not byte-level"
        return torch.tensor(fitting, dtype=torch.int64)

    def piece(self, number: int) -> bytes:
        """The bytes of an id."""
        return self._tokenizer.pieces[number]

    def _has_longer(self, piece: bytes) -> bool:
        """Whether another id begins with these bytes, which are those of an id."""
        behind = bisect_left(self._sorted, (piece, -1)) + 1
        return behind < len(self._sorted) and self._sorted[behind][0].startswith(piece)

    def _starting_with(self, start: bytes) -> list[int]:
        first = bisect_left(self._sorted, (start, -1))
        end = first
        while end < len(self._sorted) and self._sorted[end][0].startswith(start):
            end += 1
        return [number for _, number in self._sorted[first:end]]


class Spelling:
    """Chooses ids for one completion: the likeliest that spells what is still missing of `typed`, then any."""

    def __init__(self, healer: Healer, typed: str) -> None:
        self._healer = healer
        self._missing = typed.encode()

    def choose(self, logits: Tensor) -> int:
        """The likeliest id, [V] scores, among those that fit."""
        if not self._missing:
            return likeliest(logits)
        fitting = self._healer.fitting(self._missing)
        chosen = int(fitting[int(logits[fitting.to(logits.device)].argmax())])
        self._missing = self._missing[len(self._healer.piece(chosen)) :]
        return chosen
