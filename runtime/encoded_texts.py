"""Ids of texts that come again unchanged: the names and context files of a prompt, for every key the same.

A memo under a budget of memory; texts that grow and shrink belong to incremental.py.
"""

from __future__ import annotations

import sys
from collections import OrderedDict

from mellum_ls.runtime.tokenizer import Tokenizer

BUDGET_BYTES = 16 * 2**20
# A place in the list and the int that it points to (CPython, 64 bits).
BYTES_PER_ID = 8 + 28


class EncodedTexts:
    """Encodes a text when it first comes; the texts that were asked for longest ago are forgotten over the budget.

    Not for several threads at once.
    """

    def __init__(self, tokenizer: Tokenizer, budget_bytes: int = BUDGET_BYTES) -> None:
        self._tokenizer = tokenizer
        self._budget_bytes = budget_bytes
        # Each with its size, since a string may grow: CPython keeps a copy in UTF-8 once somebody asks for one.
        self._held: OrderedDict[str, tuple[list[int], int]] = OrderedDict()
        self.held_bytes = 0
        """What the texts and ids take, at most the budget."""
        self.encoded_chars = 0
        """Characters that the last call gave to the tokenizer."""

    def __len__(self) -> int:
        """Number of texts that are held."""
        return len(self._held)

    def encode(self, text: str) -> list[int]:
        """The ids of `tokenizer.encode(text)`. The list is the caller's to keep, not to change."""
        self.encoded_chars = 0
        held = self._held.get(text)
        if held is not None:
            self._held.move_to_end(text)
            return held[0]
        ids, self.encoded_chars = self._tokenizer.encode(text), len(text)
        size = sys.getsizeof(text) + len(ids) * BYTES_PER_ID
        # One that would push out all others and still not fit is not worth them.
        if size <= self._budget_bytes:
            self._held[text] = ids, size
            self.held_bytes += size
            while self.held_bytes > self._budget_bytes:
                self.held_bytes -= self._held.popitem(last=False)[1][1]
        return ids
