"""The state of one editor window: documents, settings, backend, and when the model is asked what.

Knows nothing of JSON-RPC or of any protocol type; the features translate to and from it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import aclosing
from dataclasses import asdict
from typing import Any

from mellum_ls.lsp_server.backend import Backend, BackendUnavailable, Query
from mellum_ls.lsp_server.clients import Client
from mellum_ls.lsp_server.completer import Answer, Gap, Selected, Suggestion, complete, query_for
from mellum_ls.lsp_server.documents import Document, DocumentStore, Place
from mellum_ls.lsp_server.event_file import EventFile
from mellum_ls.lsp_server.loading import getting_ready
from mellum_ls.lsp_server.metrics import Metrics
from mellum_ls.lsp_server.offers import Offer, Offers
from mellum_ls.lsp_server.outcomes import Outcome, Outcomes
from mellum_ls.lsp_server.pinned import PinnedFiles
from mellum_ls.lsp_server.scheduler import Scheduler
from mellum_ls.lsp_server.settings import Settings, parse, section_of
from mellum_ls.lsp_server.standing import Standing
from mellum_ls.lsp_server.uris import secret_reason
from mellum_ls.lsp_server.warming import PAUSE_SECONDS, QUIET_SECONDS, Warming

_log = logging.getLogger(__name__)
_CLOSE_SECONDS = 1.0

BackendFactory = Callable[[str], Backend]
"""Makes a backend for a model directory; the empty name is the user's default."""


class Session:
    """All that one window needs; created before the client has said anything.

    `sleep` takes seconds; `clock` gives seconds and never goes back.
    """

    def __init__(
        self,
        make_backend: BackendFactory,
        model: str = "",
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._sleep = sleep
        self._clock = clock
        self._make_backend = make_backend
        self._model = model
        self._layers: dict[str, dict[str, object]] = {}
        self._reported: set[str] = set()
        self._background: set[asyncio.Task[None]] = set()
        self._backend: Backend | None = None
        self._backend_model = ""
        self._computed: Query | None = None
        """What the model has read last; to have it read the same again would be idle work."""
        self.documents = DocumentStore()
        self.pinned = PinnedFiles(self.documents)
        self.scheduler: Scheduler[Answer] = Scheduler()
        self.warming = Warming(sleep)
        self.outcomes = Outcomes()
        self.standing = Standing()
        self.offers = Offers()
        self._event_file = EventFile()
        self.metrics = Metrics(lambda record: self._event_file.write(self.settings.metrics_file, record))
        self.offers.listeners.append(self.metrics.happened)
        self._focused = ""
        self._getting_ready: asyncio.Task[None] | None = None
        self.client = Client()
        self.settings = Settings()
        self.roots: tuple[str, ...] = ()
        """URIs of the workspace's folders."""
        self.pulls_configuration = False
        """Whether the client answers workspace/configuration."""
        self._last_cause = ""
        self.last_error = ""
        """The last failure of the model; empty once it has answered again."""

    @property
    def model(self) -> str:
        """The model directory in force: the command line's, else the settings'; empty is the user's default."""
        return self._model or self.settings.model

    @property
    def silence(self) -> str:
        """Why the last request got no suggestion; empty when it got one."""
        return self.outcomes.last.silence

    def configure(self, layer: str, raw: object) -> tuple[str, ...]:
        """Take one source of settings; later sources win name by name. The problems that are new, in sentences.

        `layer` names the source, so that a source can be replaced. A changed model takes effect at the next request.
        """
        if isinstance(raw, Mapping) or layer not in self._layers:
            self._layers.pop(layer, None)
            self._layers[layer] = section_of(raw)
        _, problems = parse(raw)
        merged = {name: value for values in self._layers.values() for name, value in values.items()}
        self.settings, _ = parse(merged)
        self.warming.disturb()
        self._computed = None  # perhaps it is another model now
        self.focus(self._focused)
        new = tuple(problem for problem in problems if problem not in self._reported)
        self._reported.update(new)
        return new

    def backend(self) -> Backend:
        """The backend of the model in force, made on first use. An earlier model's one is closed."""
        if self._backend is None or self._backend_model != self.model:
            if self._backend is not None:
                self._in_background(self._backend.close())
            self._backend_model = self.model
            self._backend = self._make_backend(self.model)
        return self._backend

    def warm(self) -> None:
        """Get the model ready in the background, unless completions are off."""
        if not self.settings.enable:
            return
        if self._getting_ready is not None:
            self._getting_ready.cancel()
        self._getting_ready = self._in_background(self._get_ready())

    async def _get_ready(self) -> None:
        backend = self.backend()
        await backend.warm()
        try:
            async with aclosing(getting_ready(backend.status, self._sleep)) as steps:
                async for step in steps:
                    if isinstance(step, str):
                        self.standing.loading(step)
                    elif step.state == "ready":
                        self.standing.works()
                    elif step.last_error:
                        self.standing.failed(step.last_error, passing=step.state == "stopped")
        finally:
            if self._getting_ready is asyncio.current_task():
                self.standing.loading("")

    def focus(self, uri: str) -> None:
        """The user is in that document, or in none: what the status speaks of."""
        self._focused = uri
        self.standing.inactive(self._kept_back(uri))

    def offer(self, uri: str, suggestion: Suggestion) -> Offer | None:
        """`suggestion` is on its way to the client; None for a document that is not open."""
        document = self.documents.get(uri)
        return None if document is None else self.offers.offer(document, suggestion)

    def shown(self, offer_id: str) -> None:
        """The client has shown a suggestion."""
        self.offers.shown(offer_id)

    def accepted(self, offer_id: str) -> None:
        """The client has put a suggestion into its document."""
        self.offers.accepted(offer_id)

    def partially_accepted(self, offer_id: str, length: int) -> None:
        """The client has put the first `length` UTF-16 units of a suggestion into its document."""
        self.offers.partially_accepted(offer_id, length)

    def change(self, uri: str) -> None:
        """A document has changed or gone: what is being computed for it is worth nothing any more."""
        self.scheduler.supersede(uri)
        self.warming.disturb(uri)

    def move(self, uri: str, place: Place, end: Place | None = None) -> None:
        """The cursor has gone to `place`, or place..end is selected: then what comes next takes that text's place."""
        self.warming.disturb()
        self._rest(uri, lambda document: Gap.of(document.snapshot(place, end), None))

    async def suggest(
        self,
        uri: str,
        place: Place,
        selected: Selected | None = None,
        on_growth: Callable[[Suggestion], None] | None = None,
    ) -> Suggestion | None:
        """The suggestion at `place` of the document as it is now, or None; `silence` then says why.

        A newer request for the document, or a change to it, ends this one with None. Never raises for the model.
        """
        number = self.outcomes.begin()
        started = self._clock()
        self.warming.disturb()
        self.focus(uri)
        self.standing.begin()
        try:
            suggestion, outcome = await self._suggest(uri, place, selected, on_growth)
        except asyncio.CancelledError:
            self.outcomes.end(number, Outcome("cancelled", "the client took its request back"))
            raise
        except Exception:
            self.outcomes.end(number, Outcome("failed", "the server has a fault"))
            raise
        finally:
            self.standing.end()
        self.outcomes.end(number, outcome)
        if (document := self.documents.get(uri)) is not None:
            if outcome.ending == "answered":
                self.metrics.answered(document.language_id, (self._clock() - started) * 1000, outcome.usage)
            elif outcome.ending == "empty":
                self.offers.settle(document)
        heard = outcome.ending in ("answered", "empty") and outcome.usage is not None
        # Unless the cursor has gone on since.
        if heard and number == self.outcomes.requests and not self.warming.active:
            self._rest(uri, lambda document: Gap.of(document.snapshot(place), selected))
        return suggestion

    async def _suggest(
        self, uri: str, place: Place, selected: Selected | None, on_growth: Callable[[Suggestion], None] | None
    ) -> tuple[Suggestion | None, Outcome]:
        document = self.documents.get(uri)
        if document is None:
            return None, Outcome("empty", "the document is not open")
        if reason := self._kept_back(uri):
            return None, Outcome("empty", reason)
        gap = Gap.of(document.snapshot(place), selected)
        try:
            answer = await self.scheduler.latest(uri, self._ask(gap, on_growth))
        except BackendUnavailable as error:
            self.failed(str(error), passing=error.passing, cause=error.cause)
            return None, Outcome("failed", "the model is not available")
        if answer is None:
            return None, Outcome("superseded", "a newer request or a change took its place")
        self.last_error = self._last_cause = ""
        self.standing.works()
        if answer.reason in ("cancelled", "superseded"):
            return None, Outcome("superseded", "something newer took its place", answer.reason, answer.usage)
        if self.documents.get(uri) is not document or document.revision != gap.snapshot.revision:
            return None, Outcome("superseded", "the document has moved on", answer.reason, answer.usage)
        if answer.suggestion is None:
            return None, Outcome("empty", "the model had nothing to add", answer.reason, answer.usage)
        return answer.suggestion, Outcome("answered", "", answer.reason, answer.usage)

    def _kept_back(self, uri: str) -> str:
        """Why no model may see the document; empty when it may."""
        if not self.settings.enable:
            return "completions are switched off"
        reason = secret_reason(uri)
        return f"the document is kept back: it {reason}" if reason else ""

    async def _query(self, gap: Gap) -> Query:
        context = await self.pinned.context(gap.snapshot.uri, self.settings, self.roots)
        return query_for(gap, self.settings, self.roots, context)

    async def _ask(self, gap: Gap, on_growth: Callable[[Suggestion], None] | None) -> Answer:
        query = await self._query(gap)
        self._computed = None
        answer = await complete(gap, query, self.backend(), self.settings, on_growth)
        self._computed = query
        return answer

    def _rest(self, uri: str, gap_in: Callable[[Document], Gap]) -> None:
        """The cursor rests: read ahead at its gap soon, and again with the pinned files of then if it stays."""
        if not self.settings.enable:
            return

        async def pause() -> None:
            await self.pinned.renew()
            await self._read_ahead(uri, gap_in)

        soon = (QUIET_SECONDS, lambda: self._read_ahead(uri, gap_in))
        self.warming.rest(uri, [soon, (PAUSE_SECONDS, pause)])

    async def _read_ahead(self, uri: str, gap_in: Callable[[Document], Gap]) -> None:
        """Have the model read what a request there would ask, unless it has or one is under way."""
        document = self.documents.get(uri)
        if document is None or not self.settings.warm_up or self._kept_back(uri) or uri in self.scheduler:
            return
        query = await self._query(gap_in(document))
        if query == self._computed:
            return
        self._computed = None
        try:
            if await self.backend().prefill(query):
                self._computed = query
                self.outcomes.warm_ups += 1
        except BackendUnavailable as error:
            _log.debug("could not read ahead: %s", error)

    async def report(self) -> dict[str, object]:
        """How things are, for `mellum/status`. Starts nothing."""
        report: dict[str, object] = {
            "state": "stopped" if self.settings.enable else "disabled",
            "reason": self.silence,
            "model": self.model,
            "lastError": self.last_error,
            "documents": len(self.documents),
            "active": len(self.scheduler),
            "pinned": self.pinned.report(),
            **self.outcomes.report(),
            "status": asdict(self.standing.status),
            "metrics": self.metrics.report(),
        }
        if self._backend is None:
            return report
        status = await self._backend.status()
        if self.settings.enable:
            report["state"] = status.state
        report["model"] = status.model or self.model
        report["lastError"] = self.last_error or status.last_error
        if status.details is not None:
            report["runtime"] = status.details
        return report

    async def close(self) -> None:
        """Stop all work and let the backend go, within a second whatever it does."""
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                if self._getting_ready is not None:
                    self._getting_ready.cancel()
                    await asyncio.wait((self._getting_ready,))
                await self.warming.close()
                await self.scheduler.close()
                if self._backend is not None:
                    await self._backend.close()
                await self._event_file.close()
        except TimeoutError:
            _log.warning("the backend did not close in time")

    def failed(self, message: str, *, passing: bool = True, cause: str = "") -> None:
        """Note a failure of the model or of the server itself; `report` tells it.

        `cause` is what of the message stays the same while the failure does, `passing` whether it may mend itself.
        """
        cause = cause or message
        # The same failure comes with every key typed; once is news.
        if cause != self._last_cause:
            _log.warning("no completions: %s", message)
        self.last_error, self._last_cause = message, cause
        self.standing.failed(cause, passing=passing)

    def _in_background(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.ensure_future(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        return task
