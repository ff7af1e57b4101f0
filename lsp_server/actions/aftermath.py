"""What the client says of lines before and after a fix: where it gives its diagnostics again, they must not have grown.

A server cannot ask for the diagnostics of others, and of a text that is not there yet nobody has any: they come with
the next request for actions. Keeps counts and hashes, no texts.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from mellum_ls.lsp_server.actions.wanted import Problem

MOST = 20
"""Documents that are remembered."""
Span = tuple[int, int]


@dataclass(slots=True)
class _Said:
    """What was said last of a document, and the fix that has come since."""

    revision: int
    span: Span
    count: int
    fixed: bytes = b""
    """The hash of the text that the fix leads to."""


class Aftermath:
    """By URI of the document."""

    def __init__(self) -> None:
        self._said: OrderedDict[str, _Said] = OrderedDict()

    def __len__(self) -> int:
        return len(self._said)

    def waits(self, uri: str) -> bool:
        """Whether a fix of the document has not been judged yet."""
        return uri in self._said and bool(self._said[uri].fixed)

    def fixed(self, uri: str, revision: int | None, text: str) -> None:
        """A fix of that revision leads to `text`."""
        said = self._said.get(uri)
        if said is not None and said.revision == revision:
            said.fixed = _hash(text)

    def listed(self, uri: str, revision: int, span: Span, problems: Sequence[Problem | None], text: str = "") -> int:
        """The client has these problems in the lines `span`; how many more than before the last fix.

        0 also where the two cannot be compared: other lines, or a text that the fix alone does not lead to.
        """
        count, before = len(problems), self._said.get(uri)
        if before is not None and before.fixed:
            if before.span == span and before.fixed == _hash(text):
                if count <= before.count:
                    return 0  # the tools may not be done yet: more may be said of the same text
                self._note(uri, _Said(revision, span, count))
                return count - before.count
            if before.revision == revision:
                return 0  # the fix has not been made yet
        self._note(uri, _Said(revision, span, count))
        return 0

    def _note(self, uri: str, said: _Said) -> None:
        self._said[uri] = said
        self._said.move_to_end(uri)
        while len(self._said) > MOST:
            self._said.popitem(last=False)


def _hash(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
