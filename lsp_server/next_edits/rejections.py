"""What the user has turned down: for a while nothing is proposed, and the same edit not while its place is the same.

Keeps hashes of texts, not texts. Times are seconds of a clock that never goes back.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence

from mellum_ls.context.edits.types import Proposal

KEPT = 64
_AROUND = 2
"""So many lines above and below count as the place of an edit."""
_TWICE = 2
FORGET_SECONDS = 300.0
"""So long an edit that was turned down at two places is proposed nowhere."""


class Rejections:
    """Those of one window."""

    def __init__(self) -> None:
        self._last = float("-inf")
        self._places: OrderedDict[bytes, None] = OrderedDict()
        self._edits: OrderedDict[bytes, list[float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._places)

    def note(self, proposal: Proposal, lines: Sequence[str], at: float) -> None:
        """`proposal` was turned down in the document of these lines."""
        self._last = at
        self._places[_place(proposal, lines)] = None
        self._edits.setdefault(_edit(proposal), []).append(at)
        for kept in (self._places, self._edits):
            while len(kept) > KEPT:
                kept.popitem(last=False)

    def cooling(self, now: float, seconds: float) -> bool:
        """Whether something was turned down in the last `seconds`."""
        return now - self._last < seconds

    def why_not(self, proposal: Proposal, lines: Sequence[str], now: float) -> str:
        """Why it is not to be proposed again; empty when it is."""
        if _place(proposal, lines) in self._places:
            return "it was turned down here"
        times = [at for at in self._edits.get(_edit(proposal), ()) if now - at < FORGET_SECONDS]
        return "it was turned down at several places" if len(times) >= _TWICE else ""


def _place(proposal: Proposal, lines: Sequence[str]) -> bytes:
    span = proposal.span
    own = lines[span.start_line : span.end_line + 1]
    beside = [
        *lines[max(0, span.start_line - _AROUND) : span.start_line],
        *lines[span.end_line + 1 : span.end_line + 1 + _AROUND],
    ]
    # The same edit made next to it leaves the place the same.
    alike = [_without(_without(line, proposal.old), proposal.new) for line in beside]
    said = (proposal.path, str(span.start_column), proposal.old, proposal.new)
    return _hash(*said, *(line.rstrip("\r\n") for line in (*own, *alike)))


def _without(line: str, word: str) -> str:
    return line.replace(word, "\0") if word else line


def _edit(proposal: Proposal) -> bytes:
    return _hash(proposal.old, proposal.new)


def _hash(*parts: str) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        digest.update(b"%d:" % len(data) + data)
    return digest.digest()
