"""The state of one editor window: documents, settings, backend, and when the model is asked what.

Knows nothing of JSON-RPC or of any protocol type; the features translate to and from it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mellum_ls.lsp_server.actions.actions import Actions
from mellum_ls.lsp_server.answers.alternatives import alternatives
from mellum_ls.lsp_server.answers.answering import PARKED, Answering, Growth
from mellum_ls.lsp_server.answers.asking import Asking, BackendFactory
from mellum_ls.lsp_server.answers.completer import Answer, Cursor, Gap, Selected, Suggestion
from mellum_ls.lsp_server.answers.policy import why_not, why_not_ask
from mellum_ls.lsp_server.answers.resting import Resting
from mellum_ls.lsp_server.answers.scheduler import Scheduler
from mellum_ls.lsp_server.documents.edit_history import EditHistories
from mellum_ls.lsp_server.documents.gates import Gates
from mellum_ls.lsp_server.documents.kept_back import KeptBack
from mellum_ls.lsp_server.documents.notebooks import Notebooks
from mellum_ls.lsp_server.documents.store import Document, DocumentStore, Edit, Place
from mellum_ls.lsp_server.documents.uris import root_of
from mellum_ls.lsp_server.model.backend import Backend, BackendUnavailable, Stream
from mellum_ls.lsp_server.prompt.pinned import PinnedFiles
from mellum_ls.lsp_server.prompt.repository import Repository
from mellum_ls.lsp_server.reports.event_file import EventFile
from mellum_ls.lsp_server.reports.health import Health
from mellum_ls.lsp_server.reports.metrics import Metrics
from mellum_ls.lsp_server.reports.offers import Offer, Offers
from mellum_ls.lsp_server.reports.outcomes import Outcome, Outcomes
from mellum_ls.lsp_server.reports.standing import Standing
from mellum_ls.lsp_server.reports.window import window_report
from mellum_ls.lsp_server.settings.fields import Settings
from mellum_ls.lsp_server.settings.layers import SettingsLayers
from mellum_ls.lsp_server.wire.clients import Client

if TYPE_CHECKING:
    from mellum_ls.lsp_server.next_edits.next_edits import NextEdits

_log = logging.getLogger(__name__)
_CLOSE_SECONDS = 1.0


class Session:
    """All that one window needs; created before the client has said anything.

    `sleep` takes seconds; `clock` gives seconds and never goes back. What is known of workspace folders is kept in
    `index_dir`; without one they are not looked at.
    """

    def __init__(
        self,
        make_backend: BackendFactory,
        model: str = "",
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.perf_counter,
        index_dir: Path | None = None,
    ) -> None:
        self._clock = clock
        self._model = model
        self._background: set[asyncio.Task[None]] = set()
        self._getting_ready: asyncio.Task[None] | None = None
        self._focused = ""
        self._histories = EditHistories()
        self._event_file = EventFile()
        self.client = Client()
        self.roots: tuple[str, ...] = ()
        """URIs of the workspace's folders."""
        self.pulls_configuration = False
        """Whether the client answers workspace/configuration."""
        self.documents = DocumentStore()
        self.notebooks = Notebooks(self.documents)
        self.pinned = PinnedFiles(self.documents)
        self.layers = SettingsLayers()
        self.gates = Gates(self._gate_known)
        self.kept_back = KeptBack(self.documents, self.notebooks, self.settings_for, self.gates, lambda: self.roots)
        self.scheduler: Scheduler[Answer] = Scheduler()
        self.answering = Answering(sleep, clock)
        self.repository = Repository(self.documents, self._in_background, index_dir)
        self.asking = Asking(self._made_by(make_backend), self.pinned, self.repository, self._in_background)
        self.resting = Resting(self, sleep, clock)
        self.actions = Actions(self)
        self.outcomes = Outcomes()
        self.standing = Standing()
        self.health = Health(self.standing, sleep)
        self.offers = Offers()
        self.metrics = Metrics(lambda record: self._event_file.write(self.settings.metrics_file, record))
        self.offers.listeners.append(self.metrics.happened)

    @cached_property
    def next_edits(self) -> NextEdits:
        """Made when a document is first opened: what it imports would cost the start."""
        from mellum_ls.lsp_server.next_edits.next_edits import NextEdits

        return NextEdits(self, self._clock)

    @property
    def settings(self) -> Settings:
        """The settings in force in the window, outside all workspace folders."""
        return self.layers.of()

    def settings_for(self, uri: str) -> Settings:
        """The settings in force for a document: those of the innermost workspace folder that holds it."""
        return self.layers.of(root_of(self.notebooks.of(uri) or uri, self.roots))

    @property
    def enabled(self) -> bool:
        """Whether completions are given anywhere in the window."""
        return any(self.layers.of(root).enable for root in self.roots or (None,))

    @property
    def model(self) -> str:
        """The model directory in force: the command line's, else the settings'; empty is the user's default."""
        return self._model or self.settings.model

    @property
    def silence(self) -> str:
        """Why the last request got no suggestion; empty when it got one."""
        return self.outcomes.last.silence

    def configure(self, layer: str, raw: object, folders: Mapping[str, object] | None = None) -> tuple[str, ...]:
        """Take one source of settings, see SettingsLayers.take. The problems that are new, in sentences.

        A changed model takes effect at the next request.
        """
        problems = self.layers.take(layer, raw, folders)
        self.resting.disturb()
        # Perhaps it is another model now.
        self.asking.forget()
        self.answering.forget()
        self.focus(self._focused)
        return problems

    def warm(self) -> None:
        """Get the model ready in the background, unless completions are off."""
        if not self.enabled:
            return
        if self._getting_ready is not None:
            self._getting_ready.cancel()
        self._getting_ready = self._in_background(self.health.get_ready(self.asking.backend(self.model)))

    def focus(self, uri: str) -> None:
        """The user is in that document, or in none: what the status speaks of."""
        self._focused = uri
        self.standing.inactive(self.kept_back.why(uri))

    def open(self, uri: str, language_id: str, version: int | None, text: str) -> None:
        """A document is opened, perhaps once more."""
        self.change(uri)
        self.documents.open(uri, language_id, version, text)
        self.repository.recently.open(uri)
        self._look_at_folder(uri)

    def shut(self, uri: str) -> None:
        """A document is closed; one that is not open is no fault."""
        self.change(uri)
        if (document := self.documents.get(uri)) is not None:
            self.offers.settle(document)
        self.documents.close(uri)

    def edit(self, uri: str, version: int | None, edits: Sequence[Edit]) -> None:
        """A document is edited. What is being computed for it goes on only if that is typing along it."""
        before = self.documents.get(uri)
        lines = None if before is None else before.lines
        change = self.documents.change(uri, version, edits)
        if change is None or lines is None:
            return
        self.scheduler.supersede(uri)
        self.resting.disturb(uri)
        self.answering.follow(uri, edits)
        self.repository.recently.edit(uri, edits)
        self._histories.note(uri, change)
        self.next_edits.edit(uri, lines, change, self._histories.last(uri).kind)

    def change(self, uri: str) -> None:
        """A document is another, or what stands around it is: nothing that was computed for it is worth anything."""
        self.scheduler.supersede(uri)
        self.resting.disturb(uri)
        self.answering.forget(uri)
        self._histories.forget(uri)
        self.next_edits.change(uri)

    def move(self, uri: str, place: Place, end: Place | None = None) -> None:
        """The cursor has gone to `place`, or place..end is selected: then what comes next takes that text's place."""
        self.resting.disturb()
        self.resting.at(uri, Cursor(place, end=end))

    def moved(self, old: str, new: str | None) -> None:
        """A file or folder has been renamed by the editor, or deleted where there is no `new`."""
        for uri in self.documents.moved(old, new) if new else ():
            self.change(uri)
        self.repository.recently.forget(old)
        self.files_changed((old, new) if new else (old,))
        # What is gone, or has another name, must not stand before prompts until the user pauses.
        self._in_background(self._renew_pinned())

    def files_changed(self, uris: Sequence[str]) -> None:
        """Files may be others on disk than they were, or gone."""
        self.gates.changed(uris)
        self.repository.changed(uris)

    async def suggest(
        self,
        uri: str,
        place: Place,
        selected: Selected | None = None,
        on_growth: Growth | None = None,
        unit: str = "",
    ) -> Suggestion | None:
        """The suggestion at `place` of the document as it is now, or None; `silence` then says why.

        `unit` is one step of indentation as the client has it set, empty when it does not say. A newer request for the
        document, or a change to it, ends this one with None. Never raises for the model.
        """
        found = await self._heard(uri, Cursor(place, selected, unit), on_growth, count=0)
        return found[0] if found else None

    async def suggest_several(
        self,
        uri: str,
        place: Place,
        selected: Selected | None = None,
        on_growth: Growth | None = None,
        unit: str = "",
    ) -> tuple[Suggestion, ...]:
        """What a user gets who asks by a key: several, the likeliest first, and that one as it grows; see suggest."""
        return await self._heard(
            uri, Cursor(place, selected, unit), on_growth, count=self.settings_for(uri).alternatives
        )

    async def _heard(self, uri: str, cursor: Cursor, on_growth: Growth | None, *, count: int) -> tuple[Suggestion, ...]:
        """The answer to one request, noted wherever requests are; a `count` of 0 means that typing has asked."""
        number = self.outcomes.begin()
        started = self._clock()
        self.resting.disturb()
        self.focus(uri)
        self.standing.begin()
        try:
            # Not only while the model computes: what an index does until then would fill its caches.
            with self.repository.giving_way():
                found, outcome = await self._found(uri, cursor, on_growth, count)
        except asyncio.CancelledError:
            # It was the newest of its document: an older one would have been ended with an answer.
            self.answering.end(uri)
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
        # Unless the cursor has gone on since.
        if outcome.ending in ("answered", "empty") and outcome.reason and number == self.outcomes.requests:
            self.resting.behind(uri, cursor, found[0] if found else None)
        return found

    async def _found(
        self, uri: str, cursor: Cursor, on_growth: Growth | None, count: int
    ) -> tuple[tuple[Suggestion, ...], Outcome]:
        if not await self.kept_back.judged(uri):
            return (), Outcome("superseded", "the document has moved on")
        document, settings = self.documents.get(uri), self.settings_for(uri)
        if document is None:
            return (), Outcome("empty", "the document is not open")
        self.scheduler.supersede(uri)
        gap = cursor.gap(document)
        if reason := self.kept_back.why(uri, cursor.place.line) or ("" if count else self._not_now(gap, settings)):
            return (), Outcome("empty", reason)
        others: tuple[Suggestion, ...] = ()

        async def work() -> Answer:
            nonlocal others
            answer = await self.answering.answer(
                gap, settings, lambda: self.stream(gap), at_once=count > 0, on_growth=on_growth
            )
            if count > 1 and answer.suggestion is not None:
                query = await self.asking.query(gap, settings, self.roots)
                others = await alternatives(
                    gap, query, lambda query: self.asking.stream(query, self.model), settings, answer.suggestion, count
                )
            return answer

        try:
            answer = await self.scheduler.latest(uri, work())
        except BackendUnavailable as error:
            self.health.failed(str(error), passing=error.passing, cause=error.cause)
            return (), Outcome("failed", "the model is not available")
        if answer is None:
            return (), Outcome("superseded", "a newer request or a change took its place")
        if answer.reason != PARKED:
            self.health.recovered()
        if answer.reason in ("cancelled", "superseded"):
            return (), Outcome("superseded", "something newer took its place", answer.reason, answer.usage)
        if self.documents.get(uri) is not document or document.revision != gap.snapshot.revision:
            return (), Outcome("superseded", "the document has moved on", answer.reason, answer.usage)
        if answer.suggestion is None:
            return (), Outcome("empty", "the model had nothing to add", answer.reason, answer.usage)
        return others or (answer.suggestion,), Outcome("answered", "", answer.reason, answer.usage)

    def _not_now(self, gap: Gap, settings: Settings) -> str:
        """Why typing that has led to `gap` is not to be answered; empty when it is."""
        change = self._histories.last(gap.snapshot.uri)
        if reason := why_not(gap, change):
            return reason
        if reason := why_not_ask(gap, change):
            served = self.answering.parked.find(gap, settings)
            return "" if served is not None and served.suggestion is not None else reason
        return ""

    def quiet(self, uri: str) -> Document | None:
        """The open document of that URI if models may see it and nobody waits for an answer there."""
        busy = uri in self.scheduler or uri in self.answering
        return None if busy or self.kept_back.why(uri) else self.documents.get(uri)

    async def stream(self, gap: Gap, *, ahead: bool = False) -> Stream:
        """Ask the model at `gap`; with `ahead` for what nobody waits for yet."""
        query = await self.asking.query(gap, self.settings_for(gap.snapshot.uri), self.roots)
        query = replace(query, predicted=self.answering.parked.predicted(gap))
        return self.asking.stream(query, self.model, ahead=ahead)

    async def renew(self, gap: Gap) -> bool:
        """Choose anew what stands before prompts at `gap`; whether it is something else now."""
        return await self.asking.renew(gap, self.settings_for(gap.snapshot.uri), self.roots)

    async def read(self, gap: Gap) -> None:
        """Have the model read what a request at `gap` would ask."""
        query = await self.asking.query(gap, self.settings_for(gap.snapshot.uri), self.roots)
        self.outcomes.warm_ups += await self.asking.read_ahead(query, self.model)

    def offer(self, uri: str, suggestions: Sequence[Suggestion]) -> list[Offer]:
        """`suggestions` are on their way to the client, the first one to be shown; none for a document not open."""
        if (document := self.documents.get(uri)) is None:
            return []
        offer = self.offers.offer
        return [offer(document, suggestion, beside=place > 0) for place, suggestion in enumerate(suggestions)]

    async def report(self) -> dict[str, object]:
        """How things are, for `mellum/status`. Starts nothing."""
        return await window_report(self)

    async def close(self) -> None:
        """Stop all work and let the backend go, within a second whatever it does."""
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                if self._getting_ready is not None:
                    self._getting_ready.cancel()
                    await asyncio.wait((self._getting_ready,))
                await self.resting.close()
                await self.scheduler.close()
                if "next_edits" in vars(self):
                    await self.next_edits.close()
                await self.answering.close()
                await self.actions.close()
                await self.asking.close()
                await self.repository.close()
                await self._event_file.close()
        except TimeoutError:
            _log.warning("the backend did not close in time")

    def _made_by(self, make_backend: BackendFactory) -> BackendFactory:
        def make(model: str) -> Backend:
            self.health.tell(f"the model is {model or 'the default one'}", logging.INFO)
            return make_backend(model)

        return make

    def _look_at_folder(self, uri: str) -> None:
        if not self.kept_back.why(uri):
            self.repository.begin(uri, self.settings_for(uri), self.roots)

    def _gate_known(self) -> None:
        """What could not be judged when it was opened can be now."""
        self.focus(self._focused)
        for document in self.documents:
            self._look_at_folder(document.uri)

    async def _renew_pinned(self) -> None:
        if await self.pinned.renew():
            self.answering.forget()

    def _in_background(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.ensure_future(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        return task
