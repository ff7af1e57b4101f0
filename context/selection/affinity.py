"""How much a symbol's name sounds like what stands around the cursor. Only names; no file, no index."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from mellum_ls.context.index.rows import Definition
from mellum_ls.context.index.terms import terms

_TOP_KINDS = frozenset({"class", "function", "type", "constant"})


def affinity(name: str, words: Mapping[str, float]) -> float:
    """From 0: the weights of the sub-words of `name` that are among `words`, less for the words that are not."""
    parts = _parts(name)
    total = 0.0
    for part in parts:
        if part in words:
            total += words[part]
    return total / (len(parts) + 1)


@lru_cache(maxsize=65_536)
def _parts(name: str) -> tuple[str, ...]:
    return tuple(terms(name))


def is_private(name: str) -> bool:
    """Whether the name says that others should not use it; `__init__` and its kin are called by none by name."""
    return name.startswith("_")


def by_use(definitions: list[Definition], words: Mapping[str, float], *, private: bool = False) -> list[Definition]:
    """The symbols in the order in which another file is likely to use them; private ones last unless `private`."""

    ranked: list[tuple[float, int]] = []
    for place, (_, name, kind, _, _, _, _, container) in enumerate(definitions):
        value = affinity(name, words)
        if not container and kind in _TOP_KINDS:
            value += 0.3
        elif kind == "field":
            value -= 0.1
        if name.startswith("_") and not (private and not name.startswith("__")):
            value -= 2.0
        ranked.append((-value, place))
    ranked.sort()
    return [definitions[place] for _, place in ranked]
