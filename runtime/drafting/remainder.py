"""Drafts the rest of a text that is expected to come: what was shown last, or the old text of what is rewritten.

Follows that text from its beginning and gives up where the model goes another way; what comes later of it, a suffix
match finds (suffix.py).
"""

from __future__ import annotations

from collections.abc import Sequence

from mellum_ls.runtime.drafting.source import NOTHING, Proposal, alike

NAME = "remainder"
# Places that are told apart: behind a few tokens that held, the next are as good as each other.
PLACES = 8
PRIOR = 0.85


class Remainder:
    """`expected` are the ids of the text, from the first token that the model is asked for."""

    name = NAME

    def __init__(self, expected: Sequence[int]) -> None:
        self._expected = list(expected)
        self._at = 0

    def took(self, ids: Sequence[int]) -> None:
        """Go along, or stop for good."""
        if self._expected[self._at : self._at + len(ids)] == list(ids):
            self._at += len(ids)
        else:
            self._expected.clear()

    def propose(self, most: int) -> Proposal:
        """What follows in the text."""
        ids = tuple(self._expected[self._at : self._at + most])
        if not ids:
            return NOTHING
        # How much of it has held so far says the most about the rest.
        held = self._at.bit_length()
        evidence = alike(NAME, len(ids), PLACES, min(held, 4), PRIOR)
        return Proposal(ids, evidence, (None,) * len(ids))
