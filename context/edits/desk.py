"""What an answer is made from: the texts, their trees, the index, the user's hunks. Reads and parses each file once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from mellum_ls.context.edits.binding_rules import family
from mellum_ls.context.edits.changes import changed_lines
from mellum_ls.context.edits.occurrences import Source
from mellum_ls.context.edits.types import Hunk
from mellum_ls.context.index.rows import Definition, Index
from mellum_ls.context.languages.grammars import grammar_of

MOST_FILES = 12
"""Other files that are parsed for one answer: what is proposed next is one edit."""
MOST_USERS = 60
MOST_CHARS = 400_000
"""Of another file; larger ones are left out."""


class Desk:
    """Everything around one question."""

    def __init__(
        self,
        hunks: list[Hunk],
        texts: Mapping[str, str],
        index: Index | None,
        read: Callable[[str], str | None],
    ) -> None:
        self.hunks = hunks
        self.index = index
        self._open = texts
        self._read = read
        self._texts: dict[str, str | None] = {}
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

    def source(self, path: str) -> Source | None:
        """Its source; None where the language is not resolved."""
        if path not in self._sources:
            text = self.text(path)
            self._sources[path] = None if text is None else Source.of(path, text)
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

    def others(self, path: str, name: str) -> Iterator[Source]:
        """The other files of the same languages that may use `name` of `path`: open ones first, then by the index."""
        grammar = grammar_of(path)
        if grammar is None:
            return
        users = [] if self.index is None else self.index.users(name, MOST_USERS)
        importers = [] if self.index is None else self.index.importers_of(path, MOST_USERS)
        both = [user for user in users if user in set(importers)]
        near = sorted(users, key=lambda user: user.rpartition("/")[0] != path.rpartition("/")[0])
        for other in dict.fromkeys([*sorted(self._open), *both, *near, *importers]):
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
