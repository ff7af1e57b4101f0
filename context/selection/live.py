"""The document at hand as its language reads it: symbols, uses, imports. Parsed once for each text."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mellum_ls.context.languages.grammars import grammar_of
from mellum_ls.context.languages.imports import imports
from mellum_ls.context.languages.names import uses
from mellum_ls.context.languages.outline import outline
from mellum_ls.context.languages.parsing import parse
from mellum_ls.context.languages.symbols import Import, Symbol, Use

_WINDOW_LINES = 300
"""Uses farther from the cursor than this are not looked for."""
_MOST_WINDOW_CHARS = 60_000
_IDENTIFIER = re.compile(r"[^\W\d]\w+")


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a text says; of a text of no known language only the words that look like names."""

    grammar: str = ""
    symbols: tuple[Symbol, ...] = ()
    imports: tuple[Import, ...] = ()
    uses: tuple[Use, ...] = ()
    """Those within _WINDOW_LINES of the line that was asked about."""


def parsed(path: str, text: str, line: int, language_id: str = "") -> Parsed:
    """What `text` says around `line`. Never raises: what cannot be parsed is read as words."""
    first, last = max(0, line - _WINDOW_LINES), line + _WINDOW_LINES
    grammar = grammar_of(path, language_id)
    if grammar is not None:
        data = text.encode("utf-8", "replace")
        tree = parse(data, grammar)
        if tree is not None:
            return Parsed(
                grammar.name,
                outline(data, tree, grammar),
                imports(data, tree, grammar),
                uses(data, tree, grammar, start_line=first, end_line=last),
            )
    return Parsed(grammar.name if grammar else "", uses=tuple(_words(text, first, last)))


def _words(text: str, first: int, last: int) -> list[Use]:
    found: list[Use] = []
    size = 0
    for row, line in enumerate(text.split("\n")[first:last], first):
        size += len(line)
        if size > _MOST_WINDOW_CHARS:
            break
        found += [Use(match.group(), row, match.start(), match.end()) for match in _IDENTIFIER.finditer(line)]
    return found
