"""What an answer is made from: the texts, their trees, the index, the user's hunks. Reads and parses each file once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping

from mellum_ls.context.edits.binding_rules import family
from mellum_ls.context.edits.changes import changed_lines
from mellum_ls.context.edits.occurrences import Source
from mellum_ls.context.edits.types import Hunk
from mellum_ls.context.index.rows import Definition, Index
from mellum_ls.context.index.terms import terms
from mellum_ls.context.languages.grammars import grammar_of

MOST_FILES = 12
"""Other files that are parsed for one answer: what is proposed next is one edit."""
MOST_KEPT = 16
MOST_USERS = 60
MOST_CHARS = 400_000
"""Of another file; larger ones are left out."""


class Sources:
    """Trees that are kept from one question to the next, so that an edited text is not parsed from its beginning.

    May be used from any thread; holds the texts of at most MOST_KEPT files.
    """

    def __init__(self) -> None:
        self._kept: dict[str, Source] = {}
        self._lock = threading.Lock()

    def of(self, path: str, text: str) -> Source | None:
        """The source of a text; None where its language is not resolved."""
        with self._lock:
            kept = self._kept.pop(path, None)
        source = Source.of(path, text) if kept is None else kept.edited(text)
        if source is not None:
            with self._lock:
                self._kept[path] = source
                while len(self._kept) > MOST_KEPT:
                    self._kept.pop(next(iter(self._kept)))
        return source

    def forget(self, path: str) -> None:
        """Drop what is kept of a file."""
        with self._lock:
            self._kept.pop(path, None)


class Desk:
    """Everything around one question."""

    def __init__(
        self,
        hunks: list[Hunk],
        texts: Mapping[str, str],
        index: Index | None,
        read: Callable[[str], str | None],
        sources: Sources | None = None,
    ) -> None:
        self.hunks = hunks
        self._keeper = sources or Sources()
        self.index = index
        self._open = texts
        self._read = read
        self._texts: dict[str, str | None] = {}
        self._lines: dict[str, list[str]] = {}
        self._sources: dict[str, Source | None] = {}
        self._touched: dict[str, set[int]] = {}
        self._left = MOST_FILES

    def text(self, path: str) -> str | None:
        """The text of a file as it is now; None where it cannot be had."""
        if path not in self._texts:
            text = self._open.get(path)
            if text is None:
                text = self._read(path)
                if text is not None:
                    text = None if len(text) > MOST_CHARS else text.replace("\r\n", "\n").replace("\r", "\n")
            self._texts[path] = text
        return self._texts[path]

    def lines(self, path: str) -> list[str]:
        """The lines of its text; none where it cannot be had."""
        if path not in self._lines:
            self._lines[path] = (self.text(path) or "").split("\n")
        return self._lines[path]

    def source(self, path: str) -> Source | None:
        """Its source; None where the language is not resolved."""
        if path not in self._sources:
            text = self.text(path)
            self._sources[path] = None if text is None else self._keeper.of(path, text)
        return self._sources[path]

    def touched(self, path: str) -> set[int]:
        """The lines of a file that the user has changed."""
        if path not in self._touched:
            lines: set[int] = set()
            for hunk in self.hunks:
                if hunk.path == path:
                    lines |= changed_lines(hunk)
            self._touched[path] = lines
        return self._touched[path]

    def definitions(self, name: str) -> list[Definition]:
        """Where the index knows a name to be defined."""
        return self.index.definitions([name]) if self.index is not None else []

    def others(self, path: str, name: str, *, search: bool = False) -> Iterator[Source]:
        """The other files of the same languages that may use `name` of `path`: open ones first, then by the index.
        With `search` also those that have it as a word only."""
        grammar = grammar_of(path)
        if grammar is None:
            return
        users = [] if self.index is None else self.index.users(name, MOST_USERS)
        importers = [] if self.index is None else self.index.importers_of(path, MOST_USERS)
        both = [user for user in users if user in set(importers)]
        near = sorted(users, key=lambda user: user.rpartition("/")[0] != path.rpartition("/")[0])
        found = [hit.chunk.path for hit in self.index.search(terms(name), MOST_USERS)] if search and self.index else []
        for other in dict.fromkeys([*sorted(self._open), *both, *near, *importers, *found]):
            theirs = grammar_of(other)
            if other == path or theirs is None or family(theirs.name) != family(grammar.name):
                continue
            if self._left <= 0:
                return
            text = self.text(other)
            if text is None or name not in text:
                continue
            self._left -= 1
            if (source := self.source(other)) is not None:
                yield source


def restored(text: str, hunk: Hunk) -> str | None:
    """A text without a hunk; None where the hunk is not in it."""
    lines = text.split("\n")
    end = hunk.start_line + len(hunk.new)
    if tuple(lines[hunk.start_line : end]) != hunk.new:
        return None
    return "\n".join([*lines[: hunk.start_line], *hunk.old, *lines[end:]])
