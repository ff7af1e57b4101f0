"""From a gap in a document to the model in force: the query, its stream, reading ahead, and how the model is.

Knows when a model is the wrong one by now; decides nothing about when to ask it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any, Literal

from mellum_ls.lsp_server.answers.completer import Gap, query_for
from mellum_ls.lsp_server.model.backend import Backend, BackendStatus, BackendUnavailable, Done, Message, Query, Stream
from mellum_ls.lsp_server.prompt.pinned import PinnedFiles
from mellum_ls.lsp_server.prompt.repository import Repository
from mellum_ls.lsp_server.prompt.room import Room
from mellum_ls.lsp_server.settings.fields import Settings

_log = logging.getLogger(__name__)

BackendFactory = Callable[[str], Backend]
"""Makes a backend for a model directory; the empty name is the user's default."""


class Asking:
    """The one way of a window to its model. `in_background` runs what nobody waits for."""

    def __init__(
        self,
        make_backend: BackendFactory,
        pinned: PinnedFiles,
        repository: Repository,
        in_background: Callable[[Coroutine[Any, Any, None]], object],
    ) -> None:
        self._make_backend = make_backend
        self._pinned = pinned
        self._repository = repository
        self._room = Room()
        self._in_background = in_background
        self._backend: Backend | None = None
        self._model = ""
        self.runs = self.runs_ahead = 0
        """How many answers the model was asked for, and how many before anybody wanted them."""
        self._read: Query | None = None
        """What the model has read last; to have it read the same again would be idle work."""

    @property
    def made(self) -> bool:
        """Whether there is a backend yet."""
        return self._backend is not None

    def backend(self, model: str) -> Backend:
        """The backend of `model`, made on first use. An earlier model's one is closed."""
        if self._backend is None or self._model != model:
            if self._backend is not None:
                self._in_background(self._backend.close())
            self._model = model
            self._backend = self._make_backend(model)
        return self._backend

    async def query(self, gap: Gap, settings: Settings, roots: Sequence[str], *, idle: bool = False) -> Query:
        """What to ask at `gap`, behind the pinned files and code of the workspace; when `idle`, all chosen anew."""
        snapshot = gap.snapshot
        if idle:
            self._room.settle()
        settings = self._room.narrowed(settings)
        query = query_for(gap, settings, roots)
        shown = (snapshot.line - query.prefix.count("\n"), snapshot.line + query.suffix.count("\n") + 1)
        pinned = await self._pinned.context(snapshot.uri, settings, roots)
        found = await self._repository.context(snapshot, shown, settings, roots, idle=idle)
        paths = {path for path, _ in pinned}
        return replace(query, context=(*pinned, *((path, text) for path, text in found if path not in paths)))

    async def renew(self, gap: Gap, settings: Settings, roots: Sequence[str]) -> bool:
        """Nobody waits: choose anew what stands before prompts at `gap`; whether it is something else now."""
        before = await self.query(gap, settings, roots)
        await self._pinned.renew()
        return await self.query(gap, settings, roots, idle=True) != before

    def stream(self, query: Query, model: str, *, ahead: bool = False) -> Stream:
        """The model's answer; with `ahead` one that nobody waits for yet. The stream raises BackendUnavailable."""
        if ahead:
            self.runs_ahead += 1
        else:
            self.runs += 1
        stream = self.backend(model).complete(query, ahead=ahead)
        # What is written ahead only adds to what has been read.
        return self._giving_way(stream if ahead else self._noted(query, stream))

    def chat(
        self,
        messages: Sequence[Message],
        model: str,
        *,
        session: str,
        max_tokens: int,
        priority: Literal["next_edit", "action"],
        predicted: str = "",
    ) -> Stream:
        """The model's next turn of a conversation; see Backend. The stream raises BackendUnavailable."""
        self.runs += 1
        return self._giving_way(
            self.backend(model).chat(
                messages, session=session, max_tokens=max_tokens, priority=priority, predicted=predicted
            )
        )

    async def _giving_way(self, stream: Stream) -> Stream:
        with self._repository.giving_way():
            async with aclosing(stream):
                async for item in stream:
                    yield item

    async def _noted(self, query: Query, stream: Stream) -> Stream:
        self._read = None
        async with aclosing(stream):
            async for item in stream:
                if isinstance(item, Done):
                    self._room.note(query, item.usage)
                    self._read = replace(query, rank=0, predicted="")  # they are no matter for reading
                yield item

    def forget(self) -> None:
        """What the model has read may not be what it would read now."""
        self._read = None

    async def read_ahead(self, query: Query, model: str) -> bool:
        """Have the model read `query` and answer nothing, unless it has; whether it has now, and had not before."""
        if query == self._read:
            return False
        self._read = None
        try:
            with self._repository.giving_way():
                if not await self.backend(model).prefill(query):
                    return False
        except BackendUnavailable as error:
            _log.debug("could not read ahead: %s", error)
            return False
        self._read = query
        return True

    async def status(self) -> BackendStatus | None:
        """How the model is; None where it was never asked. Starts nothing."""
        return None if self._backend is None else await self._backend.status()

    async def close(self) -> None:
        """Let the model go."""
        if self._backend is not None:
            await self._backend.close()
