"""The code actions of one window: what is there at a place, and what comes of the one that is chosen.

Knows the session; neither JSON-RPC nor how results reach the client.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from mellum_ls.lsp_server.actions.aftermath import Aftermath
from mellum_ls.lsp_server.actions.explanations import Explanations
from mellum_ls.lsp_server.actions.kinds import EXPLAIN, FIX, TESTS, asked_for
from mellum_ls.lsp_server.actions.result import Result
from mellum_ls.lsp_server.actions.wanted import Problem, Wanted
from mellum_ls.lsp_server.answers.scheduler import Scheduler
from mellum_ls.lsp_server.documents.store import Document, Place
from mellum_ls.lsp_server.documents.uris import relative_path
from mellum_ls.lsp_server.model.backend import BackendUnavailable
from mellum_ls.lsp_server.prompt.secrets import without_secrets
from mellum_ls.lsp_server.prompt.windows import model_text

if TYPE_CHECKING:
    from mellum_ls.context.languages.symbols import Symbol
    from mellum_ls.lsp_server.actions.listing import Listed
    from mellum_ls.lsp_server.actions.place_of_tests import PlaceOfTests
    from mellum_ls.lsp_server.actions.prompting import Situation
    from mellum_ls.lsp_server.session import Session

ASK_SECONDS = 1.0
"""So long a list waits at most for the model process to say whether the model can chat."""
MOST_HEADS = 80


class Actions:
    """Lists actions and runs the chosen ones, the newest of each document."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._running: Scheduler[Result] = Scheduler()
        self._talks: object = None
        self._aftermath = Aftermath()
        self.explanations = Explanations()
        self.unavailable = "no actions have been asked for"
        """Why there were none when a list was last asked for; empty when there could be some."""
        self.done = self.failed = 0
        self.last = ""
        """What came of the last one, in words."""

    async def why_none(self) -> str:
        """Why the model cannot be talked to, in a sentence; empty when it can. Starts nothing."""
        session = self._session
        if not session.enabled:
            return "completions are switched off"
        backend = session.asking.backend(session.model)
        if self._talks is backend:
            return ""
        try:
            async with asyncio.timeout(ASK_SECONDS):
                reason = await backend.why_no_chat()
        except TimeoutError:
            reason = "the model process does not say what the model can do"
        # What a loaded model can, it can as long as it is the same one.
        self._talks = None if reason else backend
        return reason

    async def at(
        self, uri: str, span: tuple[int, int], problems: Sequence[Problem | None], only: tuple[str, ...]
    ) -> list[Listed]:
        """The actions for the lines `span` of a document. Asks the model nothing."""
        # The parsers would cost the start.
        from mellum_ls.context.languages.parsed import parsed
        from mellum_ls.lsp_server.actions.listing import actions_at, possible_kinds

        session = self._session
        await session.kept_back.judged(uri)
        document = session.documents.get(uri)
        self.unavailable = (
            "the document is not open" if document is None else session.kept_back.why(uri) or await self.why_none()
        )
        if document is None or self.unavailable:
            return []
        if asked_for(FIX, only):
            self._look_back(document, span, problems)
        path = relative_path(uri, session.roots)
        text = parsed(_text(document), path or uri, document.language_id)
        kinds = possible_kinds(session.client.abilities)
        return actions_at(uri, path, document.revision, span, problems, text, kinds, only)

    async def run(self, wanted: Wanted, on_growth: Callable[[str], None]) -> Result:
        """What comes of an action. Never raises for the model; cancelling stops it.

        A newer one of the same document and kind of result ends an older one.
        """
        key = f"{wanted.uri} {wanted.kind.makes_edit}"
        try:
            result = await self._running.latest(key, self._written(wanted, on_growth))
        except BackendUnavailable as error:
            result = Result(f"the model is not available: {error}")
        except asyncio.CancelledError:
            self.note(wanted, Result("cancelled"))
            raise
        result = Result("a newer action took its place") if result is None else result
        if wanted.kind is FIX and result.done:
            self._aftermath.fixed(wanted.uri, result.revision, result.becomes)
        self.note(wanted, result)
        return result

    def note(self, wanted: Wanted, result: Result) -> None:
        """What has become of an action: for the status, and for the user's log where nothing came of it."""
        self.done, self.failed = self.done + result.done, self.failed + (not result.done)
        self.last = f"{wanted.kind.name}: {result.reason or 'done'}"
        if not result.done:
            self._session.health.tell(self.last, logging.INFO)

    def _look_back(self, document: Document, span: tuple[int, int], problems: Sequence[Problem | None]) -> None:
        """Whether the fix before has led to more problems, as far as the client says so now."""
        text = without_secrets(_text(document)) if self._aftermath.waits(document.uri) else ""
        more = self._aftermath.listed(document.uri, document.revision, span, problems, text)
        if more:
            self.done, self.failed = self.done - 1, self.failed + 1
            self.last = f"fix: done, and the client reports {more} more problem{'' if more == 1 else 's'} there since"
            self._session.health.tell(self.last, logging.INFO)

    def is_current(self, wanted: Wanted, result: Result) -> bool:
        """Whether an edit still fits the document that it was made for."""
        document = self._session.documents.get(result.target or wanted.uri)
        return (None if document is None else document.revision) == result.revision

    async def report(self) -> dict[str, object]:
        """For `mellum/status`: whether there are actions, or why not, and how they fared."""
        unavailable = await self.why_none() if self._session.asking.made else "the model is not loaded"
        return {
            "unavailable": unavailable,
            "lastList": self.unavailable,
            "last": self.last,
            "done": self.done,
            "failed": self.failed,
        }

    async def close(self) -> None:
        """End what is under way, and forget explanations."""
        await self._running.close()
        self.explanations.close()

    async def _written(self, wanted: Wanted, on_growth: Callable[[str], None]) -> Result:
        from mellum_ls.context.languages.parsed import parsed
        from mellum_ls.lsp_server.actions.place_of_tests import place_of_tests
        from mellum_ls.lsp_server.actions.region import region_of
        from mellum_ls.lsp_server.actions.writing import MOVED_ON, Writing

        session = self._session
        await session.kept_back.judged(wanted.uri)
        document = session.documents.get(wanted.uri)
        if document is None:
            return Result("the document is not open")
        if reason := session.kept_back.why(wanted.uri) or await self.why_none():
            return Result(reason)
        if wanted.kind.makes_edit and wanted.revision not in (None, document.revision):
            return Result(MOVED_ON)
        snapshot, version = document.snapshot(Place(wanted.first, 0)), document.version
        path = relative_path(wanted.uri, session.roots)
        text = _text(document)
        before = parsed(without_secrets(text), path or wanted.uri, document.language_id)
        region = region_of(wanted.kind, wanted.first, wanted.last, before)
        if region is None:
            return Result("there is no part of a size that can be worked on")
        lines = before.text.split("\n")
        if (
            wanted.kind.makes_edit
            and lines[region.first : region.last + 1] != text.split("\n")[region.first : region.last + 1]
        ):
            return Result("the code holds a secret")

        def still_wanted() -> bool:
            return session.documents.get(wanted.uri) is document and document.revision == snapshot.revision

        place = await place_of_tests(session, wanted.uri, path) if wanted.kind is TESTS else None
        if isinstance(place, str):
            return Result(place)
        situation = await self._situation(
            wanted, document, path, lines, (region.first, region.last), before.symbols, place
        )
        writing = Writing(session.asking.backend(session.model), situation, snapshot, still_wanted, on_growth)
        if wanted.kind is EXPLAIN:
            return await writing.explain()
        versioned = session.client.abilities.versioned_edits
        if place is None:
            return await writing.edit(before, version, versioned=versioned)
        if place.snapshot is None:
            return await writing.file(place.uri)
        return await writing.into(place, place.snapshot, versioned=versioned)

    async def _situation(
        self,
        wanted: Wanted,
        document: Document,
        path: str,
        lines: list[str],
        part: tuple[int, int],
        symbols: Sequence[Symbol],
        place: PlaceOfTests | None,
    ) -> Situation:
        from mellum_ls.lsp_server.actions.prompting import Situation

        session = self._session
        settings, snapshot = session.settings_for(wanted.uri), document.snapshot(Place(part[0], 0))
        related = await session.repository.context(snapshot, (part[0], part[1] + 1), settings, session.roots)
        problems = [
            Problem(each.line, without_secrets(each.message), each.code, each.source) for each in wanted.problems
        ]
        words = set("\n".join(lines[part[0] : part[1] + 1]).split())
        return Situation(
            kind=wanted.kind,
            path=path,
            language=document.language_id,
            lines=lines,
            first=part[0],
            last=part[1],
            heads=[each.signature for each in symbols[:MOST_HEADS]],
            related=sorted(related, key=lambda piece: -len(words.intersection(piece[1].split()))),
            problems=problems if wanted.kind is FIX else (),
            instruction=without_secrets(wanted.instruction),
            new_file="" if place is None else place.path,
            there=without_secrets(model_text("".join(place.snapshot.lines))) if place and place.snapshot else "",
        )


def _text(document: Document) -> str:
    return model_text(document.text)
