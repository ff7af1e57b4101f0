"""Who types: how fast, when the hands rest, and which part of a suggestion is taken.

Two typists: one with a person's rhythm, seeded, and one that does not wait. Knows no server and no clock.
"""

from __future__ import annotations

import math
import random
import re
from dataclasses import dataclass
from typing import Literal, Protocol

Verdict = Literal["whole", "partly", "none"]

MEDIAN_INTERVAL = 0.18  # seconds between keys of a practised programmer
INTERVAL_SPREAD = 0.4  # of its logarithm
DEBOUNCE = (0.06, 0.10)  # seconds without a key after which an editor asks
THINKING = (1.2, 1.8)
ARRIVING = 20.0  # at a new place, which the model has to read first
READING = 0.5
WORD_PAUSE_CHANCE = 0.3
MAX_KEYS = 8
CHUNKS = (4,)  # characters that the one who does not wait types between two questions
_KEY = re.compile(r"\n[ \t]*|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Pause:
    """What happens before the next key. Seconds.

    After `debounce` the editor asks; its answer is awaited for `patience`, 0 for no question. With `steady` the pause
    lasts that long whatever comes, unless text appears.
    """

    debounce: float
    patience: float
    steady: bool = False


@dataclass(frozen=True, slots=True)
class Key:
    """Text that is typed at once, and the pause after it."""

    text: str
    pause: Pause


class Typist(Protocol):
    """One pair of hands; `reading` is how long they rest on a suggestion, in seconds."""

    reading: float

    def arrive(self) -> Pause:
        """The pause before the first key of an edit."""

    def think(self) -> Pause:
        """The pause after a suggestion was taken."""

    def key(self, rest: str, typed: int) -> Key | None:
        """The next key of `rest` after `typed` characters of this edit; None for no more of them."""


class Person:
    """Types as a person does: log-normal intervals, a longer pause now and then at the end of a word."""

    reading = READING

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def arrive(self) -> Pause:
        """Whoever comes to a new place reads first, for as long as the model does."""
        return Pause(self._random.uniform(*DEBOUNCE), ARRIVING)

    def think(self) -> Pause:
        """A rest of the hands."""
        return Pause(self._random.uniform(*DEBOUNCE), self._random.uniform(*THINKING))

    def key(self, rest: str, typed: int) -> Key | None:
        """One character, or a line end with the indent that an editor adds to it."""
        if typed >= MAX_KEYS:
            return None
        text = _first(rest)
        ends_word = text.isalnum() and not rest[1:2].isalnum()
        if ends_word and self._random.random() < WORD_PAUSE_CHANCE:
            return Key(text, self.think())
        interval = self._random.lognormvariate(math.log(MEDIAN_INTERVAL), INTERVAL_SPREAD)
        debounce = self._random.uniform(*DEBOUNCE)
        if interval <= debounce:
            return Key(text, Pause(interval, 0.0, steady=True))
        return Key(text, Pause(debounce, interval - debounce, steady=True))


class Hurried:
    """Types a few characters at once and waits for nothing but answers."""

    reading = 0.0

    def arrive(self) -> Pause:
        """Wherever it is."""
        return self.think()

    def think(self) -> Pause:
        """Ask at once and wait for the answer."""
        return Pause(0.0, math.inf)

    def key(self, rest: str, typed: int) -> Key | None:
        """A few characters; after all of CHUNKS no more."""
        done = 0
        for size in CHUNKS:
            if typed <= done:
                return Key(rest[:size], self.think())
            done += size
        return None


def judge(suggestion: str, rest: str) -> tuple[Verdict, str]:
    """Whether someone who is about to type `rest` takes the suggestion, and which text of it.

    Whole when all of it is what they meant; otherwise its first words, as far as they are the right ones.
    """
    if suggestion and rest.startswith(suggestion):
        return "whole", suggestion
    count = 0
    while count < min(len(suggestion), len(rest)) and suggestion[count] == rest[count]:
        count += 1
    while count and _is_inside_word(suggestion, count, rest):
        count -= 1
    taken = suggestion[:count].rstrip()
    return ("partly", taken) if any(map(str.isalnum, taken)) else ("none", "")


def _first(rest: str) -> str:
    found = _KEY.match(rest)
    assert found is not None, "there is nothing left to type"
    return found.group()


def _is_inside_word(suggestion: str, count: int, rest: str) -> bool:
    follows = (text[count : count + 1] for text in (suggestion, rest))
    return _is_word(suggestion[count - 1]) and any(map(_is_word, follows))


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"
