"""The documents at hand as their languages read them: symbols, imports, and the names used around a line.

Each document's tree is kept and changed with its text, and what was read from an unchanged text is not read again.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import dataclass

from mellum_ls.context.languages.grammars import Grammar, grammar_of
from mellum_ls.context.languages.imports import imports
from mellum_ls.context.languages.live import LiveTree
from mellum_ls.context.languages.names import uses
from mellum_ls.context.languages.outline import outline
from mellum_ls.context.languages.symbols import Import, Symbol, Use
from mellum_ls.context.selection.place import Place

_WINDOW_LINES = 200
"""Uses farther from the cursor than this are not looked for."""
_MOST_WINDOW_CHARS = 60_000
_MOST_DOCUMENTS = 8
_IDENTIFIER = re.compile(r"[^\W\d]\w+")


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a text says; of a text of no known language only the words that look like names."""

    grammar: str = ""
    symbols: tuple[Symbol, ...] = ()
    imports: tuple[Import, ...] = ()
    uses: tuple[Use, ...] = ()
    """Those within _WINDOW_LINES of the line that was asked about."""


class Documents:
    """The documents that were asked about last. Not for use by two threads at a time."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str], _Document] = OrderedDict()

    def parsed(self, place: Place) -> Parsed:
        """What the document says around `place`. Never raises: what cannot be parsed is read as words."""
        grammar = grammar_of(place.path, place.language_id)
        first, last = max(0, place.line - _WINDOW_LINES), place.line + _WINDOW_LINES
        if grammar is not None:
            key = (place.path, grammar.name)
            document = self._known.setdefault(key, _Document(grammar))
            self._known.move_to_end(key)
            if len(self._known) > _MOST_DOCUMENTS:
                self._known.popitem(last=False)
            if (found := document.parsed(place.text, first, last)) is not None:
                return found
        return Parsed(grammar.name if grammar else "", uses=tuple(_words(place.text, first, last)))


class _Document:
    """One document: its tree and what was read from its last text."""

    def __init__(self, grammar: Grammar) -> None:
        self._grammar = grammar
        self._live = LiveTree(grammar)
        self._text: str | None = None
        self._symbols: tuple[Symbol, ...] = ()
        self._imports: tuple[Import, ...] = ()

    def parsed(self, text: str, first: int, last: int) -> Parsed | None:
        """What `text` says, the uses from line `first` to `last`; None where it cannot be parsed in time."""
        tree = self._live.update(text)
        if tree is None:
            return None
        data, grammar = self._live.text, self._grammar
        if text != self._text:
            self._symbols, self._imports = outline(data, tree, grammar), imports(data, tree, grammar)
            self._text = text
        around = uses(data, tree, grammar, start_line=first, end_line=last)
        return Parsed(grammar.name, self._symbols, self._imports, around)


def _words(text: str, first: int, last: int) -> list[Use]:
    found: list[Use] = []
    size = 0
    for row, line in enumerate(text.split("\n")[first:last], first):
        size += len(line)
        if size > _MOST_WINDOW_CHARS:
            break
        found += [Use(match.group(), row, match.start(), match.end()) for match in _IDENTIFIER.finditer(line)]
    return found
