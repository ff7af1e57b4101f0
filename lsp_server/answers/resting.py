"""What the model does while the cursor rests: it reads what a request there would ask, or writes behind a suggestion.

Knows when; the session says what, and whether it may.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from typing import Protocol

from mellum_ls.lsp_server.answers.answering import Answering
from mellum_ls.lsp_server.answers.completer import Cursor, Gap, Suggestion
from mellum_ls.lsp_server.answers.warming import PAUSE_SECONDS, QUIET_SECONDS, Warming
from mellum_ls.lsp_server.documents.store import Document, Place
from mellum_ls.lsp_server.model.backend import Stream
from mellum_ls.lsp_server.settings.fields import Settings


class Desk(Protocol):
    """What resting needs of a window."""

    answering: Answering

    def settings_for(self, uri: str) -> Settings:
        """The settings in force for a document."""

    def quiet(self, uri: str) -> Document | None:
        """The open document of that URI if models may see it and nobody waits for an answer there."""

    async def stream(self, gap: Gap, *, ahead: bool = False) -> Stream:
        """Ask the model at a gap."""

    async def renew(self, gap: Gap) -> bool:
        """Choose anew what stands before prompts at a gap; whether it is something else now."""

    async def read(self, gap: Gap) -> None:
        """Have the model read what a request at a gap would ask."""


class Resting:
    """The one cursor of a window. `sleep` takes seconds, `clock` gives them."""

    def __init__(self, desk: Desk, sleep: Callable[[float], Awaitable[None]], clock: Callable[[], float]) -> None:
        self._desk = desk
        self._warming = Warming(sleep)
        self._clock = clock
        self._moved = -math.inf

    @property
    def active(self) -> bool:
        """Whether something is done, or waits for its time."""
        return self._warming.active

    def disturb(self, uri: str | None = None) -> None:
        """Somebody types or moves in a document, or anywhere: end what is done for it."""
        self._warming.disturb(uri)

    def at(self, uri: str, cursor: Cursor) -> None:
        """The cursor rests: read ahead at its gap, and again with the pinned files of then if it stays.

        A cursor that comes from rest, as by a click, stays as a rule: it is read at once. One that is on its way, as by
        a key held down, is not read before it has stayed a little.
        """
        now = self._clock()
        wait = QUIET_SECONDS if now - self._moved < QUIET_SECONDS else 0.0
        self._moved = now
        if self._desk.settings_for(uri).enable:
            soon = (wait, lambda: self._read(uri, cursor))
            self._warming.rest(uri, [soon, (PAUSE_SECONDS, lambda: self._pause(uri, cursor))])

    def behind(self, uri: str, cursor: Cursor, shown: Suggestion | None) -> None:
        """The cursor rests at an answer: write ahead what follows it soon, and read again if it stays."""
        if not self.active:
            soon = (QUIET_SECONDS, lambda: self._write(uri, cursor, shown))
            self._warming.rest(uri, [soon, (PAUSE_SECONDS, lambda: self._pause(uri, cursor))])

    async def close(self) -> None:
        """End it and wait until it has let go of what it held."""
        await self._warming.close()

    async def _pause(self, uri: str, cursor: Cursor) -> None:
        document = self._desk.quiet(uri)
        if document is not None and await self._desk.renew(cursor.gap(document)):
            # What was written with the files as they were is not what would be written now.
            self._desk.answering.forget()
        await self._read(uri, cursor)

    async def _read(self, uri: str, cursor: Cursor) -> None:
        document = self._desk.quiet(uri)
        if document is not None and self._desk.settings_for(uri).warm_up:
            await self._desk.read(cursor.gap(document))

    async def _write(self, uri: str, cursor: Cursor, shown: Suggestion | None) -> None:
        document, settings = self._desk.quiet(uri), self._desk.settings_for(uri)
        if document is None or shown is None or not settings.write_ahead:
            return
        start, end = Place(shown.line, shown.start), Place(shown.line, shown.end)
        accepted = Gap.of(document.snapshot(start, end, shown.text), None, cursor.unit)
        await self._desk.answering.write_ahead(
            cursor.gap(document), shown, accepted, settings, lambda: self._desk.stream(accepted, ahead=True)
        )
