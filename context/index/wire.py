"""What a process that analyses files sends to the one that writes: plain values, which cost a third of pickled objects.

Knows the fields of an analysis, not what they mean. Both ends are of the same version of the program.
"""

from __future__ import annotations

import marshal
from dataclasses import fields
from operator import attrgetter
from typing import Any

from mellum_ls.context.index.analysis import Analysis, ChunkRow
from mellum_ls.context.languages.symbols import Import, Symbol

_chunk, _symbol, _import = (attrgetter(*(each.name for each in fields(kind))) for kind in (ChunkRow, Symbol, Import))
_rest = attrgetter("grammar", "digest", "bags", "uses")


def to_bytes(found: Analysis) -> bytes:
    """An analysis as bytes."""
    parts = (
        [_chunk(one) for one in found.chunks],
        [_symbol(one) for one in found.symbols],
        [_import(one) for one in found.imports],
    )
    return marshal.dumps((_rest(found), *parts))


def from_bytes(data: bytes) -> Analysis:
    """The analysis that `data` was made of by this program: marshal must read nothing that came from elsewhere."""
    (grammar, digest, bags, uses), chunks, symbols, imports = _loaded(data)
    return Analysis(
        grammar,
        digest,
        tuple(ChunkRow(*one) for one in chunks),
        tuple(Symbol(*one) for one in symbols),
        uses,
        tuple(Import(*one) for one in imports),
        bags,
    )


def _loaded(data: bytes) -> Any:
    return marshal.loads(data)
