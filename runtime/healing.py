"""Token healing: the piece of text that the cursor cuts is taken back and generated again, typed characters first.

A prompt that ends inside a token ("ret", or a blank that would have joined the next word) is one that the model has
rarely seen. So the last piece leaves the prompt, and the first generated ids must spell it before they may go on
(Lundberg 2023, "The art of prompt design: prompt boundaries and token healing"). Knows bytes of ids, not models.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right

import torch
from torch import Tensor

from mellum_ls.runtime.generate import likeliest
from mellum_ls.runtime.tokenizer import Tokenizer, well_formed

# No piece that people type is longer; what is (a line of dashes) stays in the prompt.
MAX_TYPED_CHARS = 64
_TAIL_CHARS = 4 * MAX_TYPED_CHARS


class Healer:
    """The vocabulary, sorted by bytes; one for each tokenizer. Not for several threads at once.

    All ids that begin alike stand side by side, so those that spell a text are a view of one tensor: finding them costs
    the same for a blank, which a third of a large vocabulary begins with, as for a long word.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        ordered = sorted((piece, number) for number, piece in tokenizer.pieces.items() if piece)
        self._pieces = [piece for piece, _ in ordered]
        self._ids = torch.tensor([number for _, number in ordered], dtype=torch.int64)
        """[pieces], on the device that was asked for last."""

    def split(self, prefix: str) -> tuple[str, str]:
        """The prefix without its last piece, and that piece; the piece is empty where there is nothing to heal.

        A lone surrogate in the piece is "?", as it is in the prompt (see tokenizer.well_formed).

        A piece is what the tokenizer never joins with its neighbours: a word with the blank before it, a run of
        punctuation, a blank. One that no id continues is left alone, and so is an indent: its depth is the user's.
        An opening parenthesis stays too: whoever typed it means to fill it, and taken back it invites "()".
        """
        pre_tokenizer = self._tokenizer.inner.pre_tokenizer
        if not prefix or pre_tokenizer is None:
            return prefix, ""
        tail = well_formed(prefix[-_TAIL_CHARS:])
        start, _ = pre_tokenizer.pre_tokenize_str(tail)[-1][1]
        typed = tail[start:]
        meant = typed.endswith("(") or (typed.isspace() and typed != " ")
        if meant or len(typed) > MAX_TYPED_CHARS or not self._continues(typed):
            return prefix, ""
        return prefix[: len(prefix) - len(typed)], typed

    def _continues(self, typed: str) -> bool:
        ids = self._tokenizer.encode(typed)
        # What a normaliser changed or dropped is not spelled by its ids.
        last = self.piece(ids[-1]) if ids else b""
        return bool(last) and typed.encode().endswith(last) and len(self._starting_with(last)) > 1

    def fitting(self, missing: bytes, device: torch.device) -> Tensor:
        """Ids that spell all of `missing` or more, and those that spell as much of it as the tokenizer's own first id.

        Where nothing is missing that is every id with text.
        Shorter beginnings are left out: a lone first letter is likely in itself, but no beginning of this word.
        int64 [fitting] on the device, not to be changed.
        """
        try:
            shortest = len(self.piece(self._tokenizer.encode(missing.decode())[0])) if missing else 0
        except UnicodeDecodeError:  # the rest of a character
            shortest = 1
        places = [self._place_of(missing[:length]) for length in range(shortest, len(missing))]
        shorter = [place for place in places if place is not None]
        if self._ids.device != device:
            self._ids = self._ids.to(device)
        whole = self._starting_with(missing)
        found = self._ids[whole.start : whole.stop]
        return torch.cat([found, *(self._ids[place : place + 1] for place in shorter)]) if shorter else found

    def piece(self, number: int) -> bytes:
        """The bytes of an id."""
        return self._tokenizer.pieces[number]

    def _starting_with(self, start: bytes) -> range:
        """The places of the pieces that begin with these bytes."""
        first = bisect_left(self._pieces, start)
        # Sorted, so all that begin like it come before the first that is greater there.
        return range(first, bisect_right(self._pieces, start, first, key=lambda piece: piece[: len(start)]))

    def _place_of(self, piece: bytes) -> int | None:
        place = bisect_left(self._pieces, piece)
        return place if place < len(self._pieces) and self._pieces[place] == piece else None


class Spelling:
    """Chooses ids for one completion: the likeliest that spells what is still missing of `typed`, then any.

    With a `rank` the first id is another: so many places behind the likeliest, among those that fit and have text. All
    ranks of a prompt begin differently, and none but the likeliest is a special token.
    """

    def __init__(self, healer: Healer, typed: str, rank: int = 0) -> None:
        self._healer = healer
        self._missing = typed.encode()
        self._rank = rank

    @property
    def plain(self) -> bool:
        """Whether from now on it is the likeliest id each time."""
        return not self._missing and not self._rank

    def judge(self, logits: Tensor, draft: int, odds: Tensor | None) -> int | None:
        """The id that `choose` takes, whatever was guessed."""
        return self.choose(logits)

    def choose(self, logits: Tensor) -> int | None:
        """The likeliest id, [V] scores, among those that fit; None if the first id should be one that is not there."""
        chosen: int | None = self._likeliest(logits)
        if self._rank:
            chosen, self._rank = self._behind(logits, self._rank), 0
        if self._missing and chosen is not None:
            self._missing = self._missing[len(self._healer.piece(chosen)) :]
        return chosen

    def _likeliest(self, logits: Tensor) -> int:
        if not self._missing:
            return likeliest(logits)
        fitting = self._fitting(logits)
        return int(fitting[logits[fitting].argmax()])

    def _behind(self, logits: Tensor, rank: int) -> int | None:
        """The id that stands `rank` places behind the likeliest; None if there are not as many."""
        fitting = self._fitting(logits)
        others = fitting[fitting != self._likeliest(logits)]
        if rank > len(others):
            return None
        # Stable: of equal scores the same comes first each time.
        return int(others[logits[others].sort(descending=True, stable=True).indices[rank - 1]])

    def _fitting(self, logits: Tensor) -> Tensor:
        fitting = self._healer.fitting(self._missing, logits.device)
        assert len(fitting), f"no id spells {self._missing!r}: the vocabulary is not byte-level"
        return fitting
