"""From a cursor to a question: which names are used around it and how near, what is imported and not used yet.

The line to come is not there to be read. What is likely in it: what was imported for it, members of the types that
are spoken of near it, and what stands on the lines next to it.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable

from mellum_ls.context.index.terms import terms
from mellum_ls.context.languages.symbols import Import, Symbol
from mellum_ls.context.selection.live import Parsed
from mellum_ls.context.selection.place import Place
from mellum_ls.context.selection.question import Question, Wanted

_IDENTIFIER = re.compile(r"[^\W\d]\w*")
_MOST_WANTED = 120
_MOST_WORDS = 40
_WORD_LINES = 16
_BEHIND = 0.85
"""What a use behind the cursor counts of one as far before it."""
_UNUSED, _IMPORTED = 0.95, 0.45
_BASE, _IN_HEAD = 0.9, 0.85


def ask(place: Place, text: Parsed, imported_files: tuple[str, ...] = ()) -> Question:
    """The question at `place`, of which `text` is what its document says."""
    around = _around(place.line, text.symbols)
    wanted = _Wanted()
    _add_imports(wanted, place, text)
    for symbol in around:
        _add_head(wanted, symbol)
    for use in text.uses:
        wanted.add(use.name, _weight(place.line, use.line, around), "used near the cursor")
    own = {symbol.name for symbol in text.symbols}
    return Question(
        place,
        text.grammar,
        wanted.best(own),
        text.imports,
        imported_files,
        _query_words(place, around),
    )


class _Wanted:
    """Names and the best reason for each; a name that is used often counts a little more."""

    def __init__(self) -> None:
        self._best: dict[str, Wanted] = {}
        self._count: Counter[str] = Counter()
        self._imported: set[str] = set()
        self._bases: set[str] = set()

    def add(self, name: str, weight: float, why: str, *, imported: bool = False, base: bool = False) -> None:
        self._count[name] += 1
        if imported:
            self._imported.add(name)
        if base:
            self._bases.add(name)
        known = self._best.get(name)
        if known is None or weight > known.weight:
            self._best[name] = Wanted(name, weight, why=why)

    def best(self, without: set[str]) -> tuple[Wanted, ...]:
        found = [
            Wanted(
                name,
                min(1.0, want.weight + 0.02 * min(5, self._count[name] - 1)),
                name in self._imported,
                name in self._bases,
                want.why,
            )
            for name, want in self._best.items()
            # What is imported is meant even where something here has the same name.
            if len(name) > 1 and (name not in without or name in self._imported)
        ]
        found.sort(key=lambda want: (-want.weight, want.name))
        return tuple(found[:_MOST_WANTED])


def _around(line: int, symbols: Iterable[Symbol]) -> list[Symbol]:
    """The symbols around a line, outermost first; one that ended just above still counts: its end may be missing."""
    return [symbol for symbol in symbols if symbol.start_line <= line <= symbol.end_line + 1]


def _weight(line: int, used: int, around: list[Symbol]) -> float:
    distance = abs(used - line)
    inner = around[-1] if around else None
    outer = around[0] if around else None
    if distance == 0:
        return 1.0
    if distance <= 3:
        weight = 0.8
    elif inner is not None and inner.start_line <= used <= inner.end_line:
        weight = 0.6
    elif distance <= 20:
        weight = 0.5
    elif outer is not None and outer.start_line <= used <= outer.end_line:
        weight = 0.4
    else:
        weight = 0.3 if distance <= 80 else 0.2
    return weight * (_BEHIND if used > line else 1.0)


def _add_head(wanted: _Wanted, symbol: Symbol) -> None:
    """The types that a class is derived from, or that stand in the head of a function around the cursor."""
    head = symbol.signature.partition(symbol.name)[2]
    base = symbol.kind == "class"
    why = "named in the head of the class here" if base else "named in the head of the function here"
    for name in _IDENTIFIER.findall(head):
        # Parameters are of no interest; types are, and in most languages they begin with a capital.
        capital = name[0].isupper()
        wanted.add(name, (_BASE if base else _IN_HEAD) if capital else 0.3, why, base=base and capital)


def _add_imports(wanted: _Wanted, place: Place, text: Parsed) -> None:
    for statement in text.imports:
        for name, alias in _names(statement):
            # An import that nothing uses yet was written for what comes. Counting letters is enough to tell, and fast.
            unused = place.text.count(alias) <= 1 + statement.module.count(alias)
            why = "imported and not used yet" if unused else "imported"
            wanted.add(name, _UNUSED if unused else _IMPORTED, why, imported=True)


def _names(statement: Import) -> list[tuple[str, str]]:
    """What is taken from a module and what it is called here."""
    if not statement.names:
        return []
    aliases = statement.aliases if len(statement.aliases) == len(statement.names) else statement.names
    return [(name, alias) for name, alias in zip(statement.names, aliases, strict=True) if name.isidentifier()]


def _query_words(place: Place, around: list[Symbol]) -> dict[str, float]:
    """Sub-words of the lines around the cursor, nearer ones weighing more, and of the heads around it."""
    weights: defaultdict[str, float] = defaultdict(float)
    lines = place.text.split("\n")
    first = max(0, place.line - _WORD_LINES)
    for row, line in enumerate(lines[first : place.line + _WORD_LINES // 2], first):
        near = 1.0 / (1.0 + abs(row - place.line) / 4)
        for word in terms(line[:400]):
            weights[word] = max(weights[word], near) + 0.05
    for symbol in around:
        for word in terms(symbol.signature):
            weights[word] = max(weights[word], 0.6) + 0.05
    best = sorted(weights.items(), key=lambda item: (-item[1], item[0]))[:_MOST_WORDS]
    return {word: min(1.0, weight) for word, weight in best}
