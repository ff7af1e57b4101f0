"""What the index keeps of one text: chunks as bags of sub-words, symbols, used names, imports. Opens no file.

Tells the parsers' results apart from what is stored: what is too long or too much is cut here.
"""

from __future__ import annotations

import hashlib
import re
import time
import zlib
from dataclasses import dataclass, replace
from heapq import nlargest

from mellum_ls.context.index.chunking import chunks
from mellum_ls.context.index.terms import counted, occurring
from mellum_ls.context.languages.definitions import find
from mellum_ls.context.languages.grammars import Grammar, grammar_of
from mellum_ls.context.languages.imports import imports
from mellum_ls.context.languages.names import used_names
from mellum_ls.context.languages.outline import symbols_of
from mellum_ls.context.languages.parsing import parse
from mellum_ls.context.languages.symbols import Import, Symbol

MOST_TERMS = 2_000
"""Sub-words of one chunk, the most frequent ones; beyond that it is data."""
MOST_SYMBOLS = 3_000
MOST_USES = 4_000
MOST_IMPORTS = 1_000
MOST_BYTES_WITH_USES = 200_000
"""A larger text is generated or put together from others: that it uses a name tells nothing of who works with it."""
LONGEST_NAME = 100
LONGEST_SIGNATURE = 200
LONGEST_DOC = 160

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class ChunkRow:
    """One chunk; lines count from 0, the end is excluded."""

    start_line: int
    end_line: int
    bag: str
    """Its sub-words, each once, sorted, with spaces between."""


@dataclass(frozen=True, slots=True)
class Analysis:
    """What is kept of one file's text."""

    grammar: str
    """The grammar's name; empty where there is none."""
    digest: bytes
    """Of the text: equal texts give equal digests."""
    chunks: tuple[ChunkRow, ...]
    symbols: tuple[Symbol, ...]
    uses: tuple[str, ...]
    """Each name once, sorted."""
    imports: tuple[Import, ...]
    bags: bytes
    """All chunks' sub-words, compressed, as the table of files has them."""


def digest_of(text: str) -> bytes:
    """16 bytes that tell this text from others."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def analyse(path: str, text: str) -> Analysis:
    """What is kept of `text`, which has no secrets any more; a language that cannot be parsed gives chunks alone."""
    digest = digest_of(text)
    text = _LONE_SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)
    grammar = grammar_of(path)
    symbols, names, imported = _parsed(text, grammar) if grammar is not None else ((), (), ())
    lines = text.split("\n")
    if lines and not lines[-1]:
        lines.pop()
    rows = tuple(ChunkRow(start, end, bag_of("\n".join(lines[start:end]))) for start, end in chunks(lines, symbols))
    bags = zlib.compress("\n".join(row.bag for row in rows).encode(), 3)
    return Analysis(grammar.name if grammar is not None else "", digest, rows, symbols, names, imported, bags)


def bag_of(text: str) -> str:
    """The sub-words of `text`, each once, without their order."""
    found = occurring(text)
    if len(found) > MOST_TERMS:
        counts = counted(text)
        found = set(nlargest(MOST_TERMS, counts, key=counts.__getitem__))
    return " ".join(sorted(found))


def _parsed(text: str, grammar: Grammar) -> tuple[tuple[Symbol, ...], tuple[str, ...], tuple[Import, ...]]:
    data = text.encode("utf-8")
    try:
        # Of the processor's time: what a busy machine takes from a process of low priority says nothing of the text.
        tree = parse(data, grammar, clock=time.thread_time)
    except ImportError:
        return (), (), ()  # the grammar's package is broken: the file is found by its words
    if tree is None:
        return (), (), ()
    found = find(data, tree, grammar, with_uses=len(data) <= MOST_BYTES_WITH_USES)
    symbols = tuple(_short(symbol) for symbol in symbols_of(data, found, MOST_SYMBOLS) if _is_name(symbol.name))
    names = sorted(filter(_is_name, used_names(data, found)))
    statements = imports(data, tree, grammar, (*found.imports, *found.passing))
    imported = tuple(_restored(one) for one in statements[:MOST_IMPORTS])
    return symbols, tuple(names[:MOST_USES]), imported


def _is_name(name: str) -> bool:
    return 0 < len(name) <= LONGEST_NAME


def _short(symbol: Symbol) -> Symbol:
    if len(symbol.signature) <= LONGEST_SIGNATURE and len(symbol.doc) <= LONGEST_DOC:
        return symbol
    return replace(symbol, signature=symbol.signature[:LONGEST_SIGNATURE], doc=symbol.doc[:LONGEST_DOC])


def _restored(found: Import) -> Import:
    """As it comes back from the tables: what things are called in the importing file is not kept."""
    return Import(
        found.module[:500], tuple(name[:LONGEST_NAME] for name in found.names[:200]), (), found.line, found.system
    )
