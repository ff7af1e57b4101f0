"""Code of the workspace that a next edit may hang on: what the names in question mean, and where else they are used.

Asks the index and reads files; runs in a thread. What comes out has lost its secrets.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mellum_ls.lsp_server.next_edits.situation import Situation
from mellum_ls.lsp_server.prompt.secrets import without_secrets

MOST_CHARS = 4_000
MOST_NAMES = 24
MOST_DEFINITION_LINES = 16
MOST_USERS = 3
"""Files that use what was changed; of each the first line that does and those around it."""
_AROUND_USE = 2
Piece = tuple[str, str]
"""Path and text."""


def related(changed: Sequence[str], mentioned: Sequence[str], situation: Situation) -> list[Piece]:
    """Definitions of the names in other files, and uses there of those that were `changed`; the most useful first."""
    index = situation.index
    if index is None:
        return []
    found: dict[Piece, None] = {}
    room = MOST_CHARS
    for piece in (*_definitions([*changed, *mentioned], situation), *_uses(changed, situation)):
        if piece not in found and len(piece[0]) + len(piece[1]) <= room:
            found[piece] = None
            room -= len(piece[0]) + len(piece[1])
    return list(found)


def _definitions(names: Sequence[str], situation: Situation) -> Iterator[Piece]:
    assert situation.index is not None
    wanted = list(dict.fromkeys(names))[:MOST_NAMES]
    known = situation.index.definitions(wanted, 2)
    for one in sorted(known, key=lambda one: (wanted.index(one.name), one.path, one.start_line)):
        lines = _lines(one.path, situation)
        text = "\n".join(lines[one.start_line : min(one.end_line + 1, one.start_line + MOST_DEFINITION_LINES)])
        # The index may be older than the file.
        if one.name in text:
            yield one.path, text


def _uses(names: Sequence[str], situation: Situation) -> Iterator[Piece]:
    assert situation.index is not None
    for name in names:
        for path in situation.index.users(name, MOST_USERS):
            lines = _lines(path, situation)
            at = next((at for at, line in enumerate(lines) if name in line), None)
            if at is not None:
                yield path, "\n".join(lines[max(0, at - _AROUND_USE) : at + _AROUND_USE + 1])


def _lines(path: str, situation: Situation) -> list[str]:
    """Of another file, as it is open or on disk; none where there is nothing to be had."""
    if path == situation.path:
        return []
    opened = situation.texts.get(path)
    text = situation.read(path) if opened is None else without_secrets(opened)
    return [] if text is None else text.replace("\r\n", "\n").split("\n")
