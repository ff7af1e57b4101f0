"""Sub-words of code: what both a text and a question are cut into, so that `getUserName` finds `user_name`.

Knows neither languages nor where the text is from.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import chain

LONGEST_TERM = 32
"""Characters; what is longer is data, not a word."""

# A run of capitals that no small letter follows (HTML in HTMLParser), a word with or without its capital, or a number.
# Letters beyond ASCII count as small ones.
_WORDS = re.compile(r"[A-Z]+(?![^\W\d_A-Z])|[A-Z]?[^\W\d_A-Z]+|[0-9]+")
_TERM = re.compile(r"[a-z0-9\x80-\ud7ff\ue000-\U0010ffff]{2,32}")

_MOST_REMEMBERED = 50_000

# Keywords of the languages, and what stands in every second chunk whatever the code is about. Words that also name
# things ("type", "match", "default", "object") stay: they tell something where they are names.
_STOP = frozenset(
    """
    and as assert async await begin bool boolean break case catch char class const continue def del do double elif else
    elsif end endif enum except export extends extern false final finally float fn for foreach from func function goto
    if impl implements import in include int integer interface is it lambda let long mut namespace new nil none nonlocal
    not null of on or package pass private protected pub public raise require return self short signed static str
    string struct super switch template the then this throw throws to trait true try typedef typename undefined union
    unsigned unless until use using val var virtual void volatile when where while with yield
    """.split()  # noqa: SIM905 - a column of 120 quoted words is no easier to read
)


class _Remembered(dict[str, str]):
    """Each word as a term, or an empty string where it is none; looking it up is twice as fast as finding it out."""

    def __missing__(self, word: str) -> str:
        if len(self) >= _MOST_REMEMBERED:
            self.clear()
        lower = word.lower()
        term = lower if 1 < len(lower) <= LONGEST_TERM and lower not in _STOP else ""
        self[word] = term
        return term


_REMEMBERED = _Remembered()


def terms(text: str) -> list[str]:
    """The sub-words of `text` in their order, in lower case, 2 to 32 characters, without the words of every code."""
    return list(filter(None, map(_REMEMBERED.__getitem__, _WORDS.findall(text))))


class _Parts(dict[bytes, tuple[str, ...]]):
    """The terms of each name, in UTF-8: most names stand in a text more than once."""

    def __missing__(self, name: bytes) -> tuple[str, ...]:
        if len(self) >= _MOST_REMEMBERED:
            self.clear()
        found = self[name] = tuple(terms(name.decode("utf-8", "replace")))
        return found


_PARTS = _Parts()
# No term goes over a character of ASCII that is neither a letter nor a digit; for what is beyond, `terms` is asked.
_APART = bytes(byte if byte >= 0x80 or chr(byte).isalnum() or byte == ord("_") else ord(" ") for byte in range(256))


def counted(text: str) -> Counter[str]:
    """How often each of `terms(text)` occurs, in the order of their first places; a third of the time of counting."""
    return Counter(chain.from_iterable(map(_PARTS.__getitem__, _names(text))))


def occurring(text: str) -> set[str]:
    """The different ones of `terms(text)`, in half of the time of counting them."""
    return set(chain.from_iterable(map(_PARTS.__getitem__, set(_names(text)))))


def _names(text: str) -> list[bytes]:
    return text.encode("utf-8", "replace").translate(_APART).split()


def is_term(word: str) -> bool:
    """Whether `terms` could have given `word`, so far as the index cares: lower case, and nothing that separates."""
    return _TERM.fullmatch(word) is not None and word not in _STOP
