"""The state of one editor window: documents, settings, backend, and when the model is asked what.

Knows nothing of JSON-RPC or of any protocol type; the features translate to and from it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any

from mellum_ls.lsp_server.answering import Answering
from mellum_ls.lsp_server.asking import Asking, BackendFactory
from mellum_ls.lsp_server.backend import BackendUnavailable
from mellum_ls.lsp_server.completer import Answer, Gap, Selected, Suggestion
from mellum_ls.lsp_server.documents import Document, DocumentStore, Edit, Place
from mellum_ls.lsp_server.edit_history import EditHistory
from mellum_ls.lsp_server.flight import Stream
from mellum_ls.lsp_server.notebooks import Notebooks
from mellum_ls.lsp_server.outcomes import Outcome, Outcomes
from mellum_ls.lsp_server.oversize import oversize_reason
from mellum_ls.lsp_server.pinned import PinnedFiles
from mellum_ls.lsp_server.policy import LastChange, why_not, why_not_ask
from mellum_ls.lsp_server.scheduler import Scheduler
from mellum_ls.lsp_server.settings import Settings
from mellum_ls.lsp_server.settings_layers import SettingsLayers
from mellum_ls.lsp_server.uris import root_of, secret_reason
from mellum_ls.lsp_server.warming import PAUSE_SECONDS, QUIET_SECONDS, Warming

_log = logging.getLogger(__name__)
_CLOSE_SECONDS = 1.0


class Session:
    """All that one window needs; created before the client has said anything. `sleep` takes seconds."""

    def __init__(
        self,
        make_backend: BackendFactory,
        model: str = "",
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._model = model
        self._background: set[asyncio.Task[None]] = set()
        self._histories: dict[str, EditHistory] = {}
        self._changes: dict[str, LastChange] = {}
        self.documents = DocumentStore()
        self.pinned = PinnedFiles(self.documents)
        self.scheduler: Scheduler[Answer] = Scheduler()
        self.warming = Warming(sleep)
        self.answering = Answering(sleep, clock)
        self.asking = Asking(make_backend, self.pinned, self._in_background)
        self.outcomes = Outcomes()
        self.layers = SettingsLayers()
        self.notebooks = Notebooks(self.documents)
        self.roots: tuple[str, ...] = ()
        """URIs of the workspace's folders."""
        self.pulls_configuration = False
        """Whether the client answers workspace/configuration."""
        self.last_error = ""
        """The last failure of the model; empty once it has answered again."""
        self.tell: Callable[[str, int], None] = _to_log
        """Takes lines for the user's log, with a level of `logging`. Never source text."""

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
        self.warming.disturb()
        # Perhaps it is another model now.
        self.asking.forget()
        self.answering.forget()
        return problems

    def warm(self) -> None:
        """Get the model ready in the background, unless completions are off."""
        if self.enabled:
            self._in_background(self.asking.backend(self.model).warm())

    def edit(self, uri: str, version: int | None, edits: Sequence[Edit]) -> None:
        """A document is edited. What is being computed for it goes on only if that is typing along it."""
        change = self.documents.change(uri, version, edits)
        if change is None:
            return
        self.scheduler.supersede(uri)
        self.warming.disturb(uri)
        self.answering.follow(uri, edits)
        kind = self._histories.setdefault(uri, EditHistory()).note(change)
        if change:
            last = max(edit.line + edit.inserted.count("\n") for edit in change)
            self._changes[uri] = LastChange(kind, min(edit.line for edit in change), last)

    def change(self, uri: str) -> None:
        """A document is opened, closed or another: nothing that was computed for it is worth anything any more."""
        self.scheduler.supersede(uri)
        self.warming.disturb(uri)
        self.answering.forget(uri)
        self._histories.pop(uri, None)
        self._changes.pop(uri, None)

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
        unit: str = "",
        *,
        invoked: bool = False,
    ) -> Suggestion | None:
        """The suggestion at `place` of the document as it is now, or None; `silence` then says why.

        `unit` is one step of indentation as the client has it set, empty when it does not say.

        A newer request for the document, or a change to it, ends this one with None. Never raises for the model.
        `invoked`: the user asked for it by a key.
        """
        number = self.outcomes.begin()
        self.warming.disturb()
        try:
            suggestion, outcome = await self._suggest(uri, place, selected, on_growth, unit, invoked=invoked)
        except asyncio.CancelledError:
            # It was the newest of its document: an older one would have been ended with an answer.
            self.answering.end(uri)
            self.outcomes.end(number, Outcome("cancelled", "the client took its request back"))
            raise
        except Exception:
            self.outcomes.end(number, Outcome("failed", "the server has a fault"))
            raise
        self.outcomes.end(number, outcome)
        # Unless the cursor has gone on since.
        if outcome.ending in ("answered", "empty") and outcome.reason and number == self.outcomes.requests:
            self._rest_behind(uri, place, selected, suggestion)
        return suggestion

    async def _suggest(
        self,
        uri: str,
        place: Place,
        selected: Selected | None,
        on_growth: Callable[[Suggestion], None] | None,
        unit: str,
        *,
        invoked: bool,
    ) -> tuple[Suggestion | None, Outcome]:
        document = self.documents.get(uri)
        if document is None:
            return None, Outcome("empty", "the document is not open")
        if reason := self._kept_back(uri, place.line):
            return None, Outcome("empty", reason)
        self.scheduler.supersede(uri)
        gap = Gap.of(document.snapshot(place), selected, unit)
        change = LastChange() if invoked else self._changes.get(uri, LastChange())
        if reason := why_not(gap, change):
            return None, Outcome("empty", reason)
        if reason := why_not_ask(gap, change):
            served = self.answering.parked.find(gap, self.settings)
            if served is None or served.suggestion is None:
                return None, Outcome("empty", reason)
        try:
            work = self.answering.answer(
                gap, self.settings, lambda: self._stream(gap), at_once=invoked, on_growth=on_growth
            )
            answer = await self.scheduler.latest(uri, work)
        except BackendUnavailable as error:
            self.failed(str(error))
            return None, Outcome("failed", "the model is not available")
        if answer is None:
            return None, Outcome("superseded", "a newer request or a change took its place")
        self.recovered()
        if answer.reason in ("cancelled", "superseded"):
            return None, Outcome("superseded", "something newer took its place", answer.reason, answer.usage)
        if self.documents.get(uri) is not document or document.revision != gap.snapshot.revision:
            return None, Outcome("superseded", "the document has moved on", answer.reason, answer.usage)
        if answer.suggestion is None:
            return None, Outcome("empty", "the model had nothing to add", answer.reason, answer.usage)
        return answer.suggestion, Outcome("answered", "", answer.reason, answer.usage)

    def _kept_back(self, uri: str, line: int | None = None) -> str:
        """Why no model may see the document, or be asked at that line; empty when it may."""
        settings, document = self.settings_for(uri), self.documents.get(uri)
        if not settings.enable:
            return "completions are switched off"
        reason = secret_reason(uri) or secret_reason(self.notebooks.of(uri))
        if reason:
            return f"the document is kept back: it {reason}"
        if document is None:
            return ""
        if document.language_id in settings.disabled_languages:
            return f"completions are switched off for {document.language_id}"
        return oversize_reason(document, settings.max_file_chars, line)

    async def _stream(self, gap: Gap, *, ahead: bool = False) -> Stream:
        query = await self.asking.query(gap, self.settings_for(gap.snapshot.uri), self.roots)
        return self.asking.stream(query, self.model, ahead=ahead)

    def _rest(self, uri: str, gap_in: Callable[[Document], Gap]) -> None:
        """The cursor rests: read ahead at its gap soon, and again with the pinned files of then if it stays."""
        if self.settings_for(uri).enable:
            soon = (QUIET_SECONDS, lambda: self._read_ahead(uri, gap_in))
            self.warming.rest(uri, [soon, (PAUSE_SECONDS, lambda: self._pause(uri, gap_in))])

    def _rest_behind(self, uri: str, place: Place, selected: Selected | None, shown: Suggestion | None) -> None:
        """The cursor rests at an answer: write ahead what follows it soon, and read again if it stays."""

        def gap_in(document: Document) -> Gap:
            return Gap.of(document.snapshot(place), selected)

        soon = (QUIET_SECONDS, lambda: self._write_ahead(uri, gap_in, shown))
        if not self.warming.active:
            self.warming.rest(uri, [soon, (PAUSE_SECONDS, lambda: self._pause(uri, gap_in))])

    async def _pause(self, uri: str, gap_in: Callable[[Document], Gap]) -> None:
        if await self.pinned.renew():
            # What was written with the files as they were is not what would be written now.
            self.answering.forget()
        await self._read_ahead(uri, gap_in)

    async def _read_ahead(self, uri: str, gap_in: Callable[[Document], Gap]) -> None:
        """Have the model read what a request there would ask, unless it has or writes an answer."""
        document = self._open_to_models(uri)
        if document is None or not self.settings_for(uri).warm_up or uri in self.scheduler or uri in self.answering:
            return
        query = await self.asking.query(gap_in(document), self.settings, self.roots)
        self.outcomes.warm_ups += await self.asking.read_ahead(query, self.model)

    async def _write_ahead(self, uri: str, gap_in: Callable[[Document], Gap], shown: Suggestion | None) -> None:
        """Have the model write what follows `shown`, in case it is accepted."""
        document = self._open_to_models(uri)
        if document is None or shown is None or not self.settings.write_ahead:
            return
        start, end = Place(shown.line, shown.start), Place(shown.line, shown.end)
        accepted = Gap.of(document.snapshot(start, end, shown.text), None)
        await self.answering.write_ahead(
            gap_in(document), shown, accepted, self.settings, lambda: self._stream(accepted, ahead=True)
        )

    def _open_to_models(self, uri: str) -> Document | None:
        """The open document of that URI, if models may see it."""
        return None if self._kept_back(uri) else self.documents.get(uri)

    async def report(self) -> dict[str, object]:
        """How things are, for `mellum/status`. Starts nothing."""
        report: dict[str, object] = {
            "state": "stopped" if self.enabled else "disabled",
            "reason": self.silence,
            "model": self.model,
            "lastError": self.last_error,
            "documents": len(self.documents),
            "notebooks": len(self.notebooks),
            "trusted": self.layers.trusted,
            "active": len(self.scheduler) + len(self.answering),
            "pinned": self.pinned.report(),
            **self.outcomes.report(),
        }
        status = await self.asking.status()
        if status is None:
            return report
        if self.enabled:
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
                await self.warming.close()
                await self.scheduler.close()
                await self.answering.close()
                await self.asking.close()
        except TimeoutError:
            _log.warning("the backend did not close in time")

    def failed(self, message: str) -> None:
        """Note a failure of the model or of the server itself; `report` tells it."""
        # The same failure comes with every key typed; once is news.
        if message != self.last_error:
            self.tell(f"no completions: {message}", logging.WARNING)
        self.last_error = message

    def recovered(self) -> None:
        """The model answers, perhaps again."""
        if self.last_error:
            self.tell("completions are back", logging.INFO)
        self.last_error = ""

    def moved(self, old: str, new: str | None) -> None:
        """A file or folder has been renamed by the editor, or deleted where there is no `new`."""
        for uri in self.documents.moved(old, new) if new else ():
            self.change(uri)
        # What is gone, or has another name, must not stand before prompts until the user pauses.
        self._in_background(self.pinned.renew())

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)


def _to_log(message: str, level: int) -> None:
    _log.log(level, "%s", message)
