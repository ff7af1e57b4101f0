"""The next edits of one window: what was changed, whom to ask what comes next, what of it is shown, and why nothing is.

The symbolic engine is asked first and costs little; the model only where it is wanted, can be talked to, and nothing
else was found.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from mellum_ls.context.edits.types import Proposal
from mellum_ls.lsp_server.answers.scheduler import Scheduler
from mellum_ls.lsp_server.documents.edit_history import Kind, Replaced
from mellum_ls.lsp_server.documents.lines import Lines
from mellum_ls.lsp_server.documents.store import Document, Place
from mellum_ls.lsp_server.model.backend import BackendUnavailable
from mellum_ls.lsp_server.next_edits.choosing import NOTHING, Chosen, best
from mellum_ls.lsp_server.next_edits.fates import Fates, NextEdit
from mellum_ls.lsp_server.next_edits.filters import no_edit
from mellum_ls.lsp_server.next_edits.model_engine import ModelEngine
from mellum_ls.lsp_server.next_edits.placing import in_document, in_file
from mellum_ls.lsp_server.next_edits.policy import why_not_now
from mellum_ls.lsp_server.next_edits.rejections import Rejections
from mellum_ls.lsp_server.next_edits.situation import Engine, NothingFound, Situation
from mellum_ls.lsp_server.next_edits.standing import Standing
from mellum_ls.lsp_server.next_edits.surroundings import Surroundings
from mellum_ls.lsp_server.next_edits.symbolic_engine import SymbolicEngine
from mellum_ls.lsp_server.settings.fields import Settings

if TYPE_CHECKING:
    from mellum_ls.lsp_server.session import Session

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request gets."""

    edit: NextEdit | None = None
    silence: str = ""
    """Why there is no edit, for the user; empty when there is one."""


class NextEdits:
    """Asks on behalf of `window`. `clock` gives seconds and never goes back."""

    def __init__(self, window: Session, clock: Callable[[], float]) -> None:
        self._window = window
        self._clock = clock
        self._threads: ThreadPoolExecutor | None = None
        self._around = Surroundings(window)
        self._scheduler: Scheduler[Chosen] = Scheduler()
        self._standing = Standing()
        self._fates = Fates()
        self._rejections = Rejections()
        self._edited: tuple[float | None, Kind] = (None, "other")
        self._early: dict[str, tuple[Lines, Kind]] = {}
        """Documents edited before it was known whether they may be seen: their lines before that, and the change."""
        self._asked_model: tuple[tuple[str, int, int] | None, str] = None, ""
        """URI, revision and line that the model was asked about last, to the end, and why nothing came of it."""
        self._silence = ""
        self.requests = 0
        self.symbolic: Engine = SymbolicEngine(self._in_thread)
        self.model: Engine = ModelEngine(
            lambda messages, **how: window.asking.chat(messages, window.model, priority="next_edit", **how),
            self._in_thread,
        )

    def edit(self, uri: str, before: Lines, change: Sequence[Replaced], kind: Kind) -> None:
        """An open document was edited; `before` are its lines before that, `kind` is what kind of change it was."""
        self._scheduler.supersede(uri)
        if written := self._standing.follow(uri, change):
            self._fates.settle(written, "written")
        if not self._window.settings_for(uri).next_edits:
            return
        if self._window.kept_back.is_pending(uri):
            self._early.setdefault(uri, (before, kind))
        else:
            self._note(uri, *self._early.pop(uri, (before, kind)))

    def _note(self, uri: str, before: Lines, kind: Kind) -> None:
        if self._window.kept_back.why(uri):
            return
        now = self._clock()
        # A checkout or a formatter says nothing about what the user does next.
        if self._around.note(uri, before, now) in ("edit", "returned"):
            self._edited = now, kind

    def change(self, uri: str) -> None:
        """A document is another, or closed, or what stands around it is: nothing is proposed in it any more."""
        self._scheduler.supersede(uri)
        self._standing.forget(uri)
        self._around.forget(uri)
        self._early.pop(uri, None)

    async def find(self, uri: str, place: Place, version: int | None = None, *, elsewhere: bool = False) -> Answer:
        """What comes next, asked at `place` of the client's `version` of a document; with `elsewhere` also in others.

        A newer request for the document, or a change to it, ends this one without an edit. Never raises for the model.
        """
        self.requests += 1
        number, answer = self.requests, Answer(None, "the server has a fault")
        self._scheduler.supersede(uri)
        try:
            answer = await self._found(uri, place, version, elsewhere=elsewhere)
        except asyncio.CancelledError:
            answer = Answer(None, "the client took its request back")
            raise
        except BackendUnavailable as error:
            self._window.health.failed(str(error), passing=error.passing, cause=error.cause)
            answer = Answer(None, "the model is not available")
        finally:
            if number == self.requests:
                self._silence = answer.silence
        return answer

    def shown(self, edit_id: str) -> None:
        """The client has shown it; an id that is not known is no fault, here and below."""
        self._fates.shown(edit_id)

    def accepted(self, edit_id: str) -> None:
        """The client has put it into the document."""
        if (edit := self._fates.settle(edit_id, "accepted")) is not None:
            self._standing.drop(edit.uri)

    def rejected(self, edit_id: str) -> None:
        """The user does not want it."""
        edit = self._fates.settle(edit_id, "rejected")
        if edit is None:
            return
        stands = self._standing.of(edit.uri)
        proposal = stands[0] if stands is not None and stands[1] == edit_id else edit.proposal
        document = self._window.documents.get(edit.uri)
        self._rejections.note(proposal, () if document is None else document.lines, self._clock())
        self._standing.drop(edit.uri)

    async def report(self) -> dict[str, object]:
        """For `mellum/status`: why the last request got nothing, what became of the edits, why no model is asked."""
        told = {"reason": self._silence, "requests": self.requests, **self._fates.report()}
        return {**told, "noModel": await self._why_no_model()}

    async def _why_no_model(self) -> str:
        if not self._window.settings.next_edit_model:
            return "the setting nextEditModel is off"
        return await self._window.actions.why_none() if self._window.asking.made else "the model is not loaded"

    async def close(self) -> None:
        """End what is under way."""
        await self._scheduler.close()
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)

    async def _found(self, uri: str, place: Place, version: int | None, *, elsewhere: bool) -> Answer:
        await self._window.kept_back.judged(uri)
        for early in [early for early in self._early if not self._window.kept_back.is_pending(early)]:
            self._note(early, *self._early.pop(early))
        document, settings = self._window.documents.get(uri), self._window.settings_for(uri)
        if document is None:
            return Answer(None, "the document is not open")
        if reason := self._not_now(document, place, version, settings):
            return Answer(None, reason)
        if (stands := self._standing.of(uri)) is not None and self._is_right(document, stands[0]):
            return Answer(self._fates.offer(in_document(document, *stands, self._window.client)))
        revision = document.revision
        chosen = await self._scheduler.latest(uri, self._look(document, place, settings, elsewhere=elsewhere))
        if chosen is None:
            return Answer(None, "a newer request or a change took its place")
        if self._window.documents.get(uri) is not document or document.revision != revision:
            return Answer(None, "the document has moved on")
        return self._answer(document, chosen)

    def _not_now(self, document: Document, place: Place, version: int | None, settings: Settings) -> str:
        if not settings.next_edits:
            return "next edits are switched off"
        if reason := self._window.kept_back.why(document.uri, place.line):
            return reason
        if version is not None and document.version is not None and version != document.version:
            return "the client asks about another version of the document"
        now = self._clock()
        return why_not_now(
            now, *self._edited, cooling=self._rejections.cooling(now, settings.next_edit_pause_ms / 1000)
        )

    def _is_right(self, document: Document, proposal: Proposal) -> bool:
        turned_down = self._rejections.why_not(proposal, document.lines, self._clock())
        return not turned_down and not no_edit(proposal, self._around.text_of(document))

    async def _look(self, document: Document, place: Place, settings: Settings, *, elsewhere: bool) -> Chosen:
        """Ask one engine after the other, the model last."""
        situation = self._around.situation(document, place, settings)
        proposals = await self.symbolic.propose(situation)
        chosen = await self._best(proposals, situation, elsewhere=elsewhere)
        if chosen.proposal is not None or not settings.next_edit_model:
            return chosen
        proposals = self._standing.written_before(document.uri)
        if proposals:
            return await self._best(proposals, situation, elsewhere=False)
        if reason := await self._window.actions.why_none():
            return Chosen(None, f"{chosen.silence}, and {reason}")
        written = await self._written(situation)
        # What is known for certain is said before what the model did not say.
        return chosen if written.proposal is None and chosen.silence != NOTHING else written

    async def _written(self, situation: Situation) -> Chosen:
        """What the model says to this situation, which it is asked about once."""
        asked = (situation.snapshot.uri, situation.snapshot.revision, situation.snapshot.line)
        if asked == self._asked_model[0]:
            return Chosen(None, self._asked_model[1] or "the model would change nothing else")
        try:
            chosen = await self._best(await self.model.propose(situation), situation, elsewhere=False)
        except NothingFound as error:
            chosen = Chosen(None, str(error))
        self._asked_model = asked, chosen.silence
        return chosen

    async def _best(self, proposals: Sequence[Proposal], situation: Situation, *, elsewhere: bool) -> Chosen:
        now = self._clock()

        def turned_down(proposal: Proposal, lines: Sequence[str]) -> str:
            return self._rejections.why_not(proposal, lines, now)

        return await self._in_thread(lambda: best(proposals, situation, turned_down, elsewhere=elsewhere))

    def _answer(self, document: Document, chosen: Chosen) -> Answer:
        proposal, client = chosen.proposal, self._window.client
        if proposal is None:
            return Answer(None, chosen.silence)
        if chosen.text is None:
            edit = in_document(document, proposal, self._standing.id_of(document.uri, proposal), client)
            self._fates.offer(edit)
            self._standing.put(document.uri, proposal, edit.id, chosen.others)
            return Answer(edit)
        uri, other = self._around.at(document, proposal.path)
        edit = in_file(uri, chosen.text, proposal) if other is None else in_document(other, proposal, "", client)
        return Answer(self._fates.offer(edit))

    async def _in_thread(self, work: Callable[[], T]) -> T:
        if self._threads is None:
            # One: what reads files is for one thread at a time, and the older of two requests is not waited for.
            self._threads = ThreadPoolExecutor(1, thread_name_prefix="next-edits")
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)
