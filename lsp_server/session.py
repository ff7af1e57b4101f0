"""The state of one editor window: documents, settings, backend, and why the last request got what it got.

Knows nothing of JSON-RPC or of any protocol type; the features translate to and from it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from mellum_ls.lsp_server.backend import Backend, BackendUnavailable
from mellum_ls.lsp_server.completer import Gap, Selected, Suggestion, complete
from mellum_ls.lsp_server.documents import DocumentStore, Place
from mellum_ls.lsp_server.scheduler import Scheduler
from mellum_ls.lsp_server.settings import Settings, parse, section_of

_log = logging.getLogger(__name__)
_CLOSE_SECONDS = 1.0

BackendFactory = Callable[[str], Backend]
"""Makes a backend for a model directory; the empty name is the user's default."""


class Session:
    """All that one window needs; created before the client has said anything."""

    def __init__(self, make_backend: BackendFactory, model: str = "") -> None:
        self._make_backend = make_backend
        self._model = model
        self._layers: dict[str, dict[str, object]] = {}
        self._reported: set[str] = set()
        self._background: set[asyncio.Task[None]] = set()
        self._backend: Backend | None = None
        self._backend_model = ""
        self.documents = DocumentStore()
        self.scheduler: Scheduler[Suggestion | None] = Scheduler()
        self.settings = Settings()
        self.roots: tuple[str, ...] = ()
        """URIs of the workspace's folders."""
        self.pulls_configuration = False
        """Whether the client answers workspace/configuration."""
        self.silence = ""
        """Why the last request got no suggestion; empty when it got one."""
        self.last_error = ""
        """The last failure of the model; empty once it has answered again."""

    @property
    def model(self) -> str:
        """The model directory in force: the command line's, else the settings'; empty is the user's default."""
        return self._model or self.settings.model

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
        if self.settings.enable:
            self._in_background(self.backend().warm())

    def change(self, uri: str) -> None:
        """A document has changed or gone: what is being computed for it is worth nothing any more."""
        self.scheduler.supersede(uri)

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
        document = self.documents.get(uri)
        if not self.settings.enable:
            self.silence = "completions are switched off"
            return None
        if document is None:
            self.silence = "the document is not open"
            return None
        gap = Gap.of(document.snapshot(place), selected)
        work = self._compute(gap, on_growth)
        suggestion = await self.scheduler.latest(uri, work)
        moved = self.documents.get(uri) is not document or document.revision != gap.snapshot.revision
        if suggestion is not None and moved:
            self.silence = "the document has moved on"
            return None
        return suggestion

    async def _compute(self, gap: Gap, on_growth: Callable[[Suggestion], None] | None) -> Suggestion | None:
        self.silence = "a newer request or a change took its place"
        try:
            suggestion = await complete(gap, self.backend(), self.settings, self.roots, on_growth)
        except BackendUnavailable as error:
            self.failed(str(error))
            self.silence = "the model is not available"
            return None
        self.last_error = ""
        if suggestion is None:
            self.silence = "the model had nothing to add"
            return None
        self.silence = ""
        return suggestion

    async def report(self) -> dict[str, object]:
        """How things are, for `mellum/status`. Starts nothing."""
        report: dict[str, object] = {
            "state": "stopped" if self.settings.enable else "disabled",
            "reason": self.silence,
            "model": self.model,
            "lastError": self.last_error,
            "documents": len(self.documents),
            "active": len(self.scheduler),
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
                await self.scheduler.close()
                if self._backend is not None:
                    await self._backend.close()
        except TimeoutError:
            _log.warning("the backend did not close in time")

    def failed(self, message: str) -> None:
        """Note a failure of the model or of the server itself; `report` tells it."""
        # The same failure comes with every key typed; once is news.
        if message != self.last_error:
            _log.warning("no completions: %s", message)
        self.last_error = message

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
