"""Drafts what followed the last tokens where they stood before: in an expected text, in the prompt or in the output.

The longest suffix of the sequence that occurs earlier is looked for by searching its bytes: a memory scan of a prompt
takes microseconds, where keeping an automaton of it would take milliseconds for each prompt. Knows ids only.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence

from mellum_ls.runtime.drafting.source import NOTHING, Proposal, alike

NAME, EXPECTED = "suffix", "expected"
# Fewer tokens than this occur anywhere; in a text that is expected to come even one says where it goes on.
LEAST, LEAST_EXPECTED = 3, 1
# Longer matches are not told apart.
MOST = 12
PLACES = 6
PRIOR, PRIOR_EXPECTED = 0.5, 0.7


class Suffix:
    """`prompt` are the ids before the first new token; `expected` those of a text that is likely to come in part."""

    name = NAME

    def __init__(self, prompt: Sequence[int], expected: Sequence[int] = ()) -> None:
        self._ids = array("i", prompt)
        self._expected = array("i", expected)
        self._expected_bytes = self._expected.tobytes()
        self._prompt_bytes = self._ids.tobytes()
        self._num_prompt = len(self._ids)
        # Where the expected text goes on, as far as is known.
        self._near = 0

    def took(self, ids: Sequence[int]) -> None:
        """Remember the tokens."""
        self._ids.extend(ids)

    def propose(self, most: int) -> Proposal:
        """What followed the longest match; of equally long ones the last, in the expected text the nearest."""
        if self._expected:
            found = self._in_expected(most)
            if found.ids:
                return found
        return self._in_sequence(most)

    def _in_expected(self, most: int) -> Proposal:
        new = len(self._ids) - self._num_prompt
        best, place = 0, 0
        for length in range(min(MOST, new), LEAST_EXPECTED - 1, -1):
            pattern = self._ids[-length:].tobytes()
            # From where the text was left: a rewritten region mostly goes forward.
            at = _find(self._expected_bytes, pattern, max(0, self._near - length))
            if at is None:
                at = _find(self._expected_bytes, pattern, 0)
            if at is not None:
                best, place = length, at + length
                break
        if not best:
            return NOTHING
        self._near = place
        return _proposal(EXPECTED, self._expected[place : place + most], best, PRIOR_EXPECTED)

    def _in_sequence(self, most: int) -> Proposal:
        if len(self._ids) <= LEAST:
            return NOTHING
        place, matched = self._longest()
        if not matched:
            return NOTHING
        return _proposal(NAME, self._ids[place : place + most], matched, PRIOR)

    def _longest(self) -> tuple[int, int]:
        """Where the tokens go on that followed the longest match, and its length; 0 for none."""
        ids, place, matched = self._ids, 0, 0
        haystack = self._prompt_bytes + self._ids[self._num_prompt :].tobytes()
        while matched < MOST and len(ids) > matched + 1:
            length = max(LEAST, matched + 1)
            at = _find_last(haystack, ids[-length:].tobytes(), len(ids) - 1)
            if at is None:
                break
            place = at + length
            matched = length
            while matched < MOST and place > matched and ids[place - matched - 1] == ids[-matched - 1]:
                matched += 1
        return place, matched


def _proposal(name: str, ids: Sequence[int], matched: int, prior: float) -> Proposal:
    strength = min(matched, MOST)
    strength = strength if strength <= 4 else 5 if strength < 8 else 6
    evidence = alike(name, len(ids), PLACES, strength, prior)
    return Proposal(tuple(ids), evidence, (None,) * len(ids))


def _find(haystack: bytes, pattern: bytes, start: int) -> int | None:
    """The first place of a pattern at or behind `start`, both counted in ids."""
    size = array("i").itemsize
    at = haystack.find(pattern, start * size)
    while at >= 0 and at % size:  # the bytes of two neighbours can look like another id
        at = haystack.find(pattern, at + 1)
    return at // size if at >= 0 else None


def _find_last(haystack: bytes, pattern: bytes, end: int) -> int | None:
    """The last place of a pattern that ends at or before the id `end`."""
    size = array("i").itemsize
    at = haystack.rfind(pattern, 0, end * size)
    while at >= 0 and at % size:
        at = haystack.rfind(pattern, 0, at + len(pattern) - 1)
    return at // size if at >= 0 else None
