"""How the result of an action reaches the client: an edit that it applies, a document that it shows; with progress.

Everything that is sent for an action is sent here. A client that refuses loses nothing: its documents stay.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from mellum_ls.lsp_server.actions.result import Result
from mellum_ls.lsp_server.actions.wanted import Wanted
from mellum_ls.lsp_server.session import Session
from mellum_ls.lsp_server.wire.host import ClientRefused, Host
from mellum_ls.lsp_server.wire.work_progress import WorkProgress

_log = logging.getLogger(__name__)
STALE = "the document has moved on"


class Delivery:
    """Runs actions for the features and hands over what comes of them."""

    def __init__(self, host: Host, session: Session) -> None:
        self._host, self._session = host, session
        self._works: dict[str, asyncio.Task[Result]] = {}
        self._count = 0
        self._sending: set[asyncio.Task[None]] = set()

    async def resolve(self, wanted: Wanted) -> Result:
        """The edit of an action, for a client that applies it itself."""
        return await self._watched(wanted, lambda grown: self._session.actions.run(wanted, grown))

    async def execute(self, wanted: Wanted) -> dict[str, object]:
        """Run an action whose result goes to the client unasked; what the command is answered with."""
        if not wanted.kind.makes_edit:
            return await self._explain(wanted)
        if not self._session.client.abilities.applies_edits:
            result = Result("the client applies no edits")
            self._session.actions.note(wanted, result)
            return {"applied": False, "reason": result.reason}
        result = await self.resolve(wanted)
        if result.edit is None:
            return {"applied": False, "reason": result.reason}
        if not self._session.actions.is_current(wanted, result):
            reason = STALE
        else:
            reason = await self._apply(wanted, result)
        if reason:
            self._session.actions.note(wanted, Result(reason))
        return {"applied": not reason, "reason": reason}

    def cancel(self, token: object) -> None:
        """The user has cancelled the work with that token."""
        if isinstance(token, str) and token in self._works:
            self._works[token].cancel()

    async def _apply(self, wanted: Wanted, result: Result) -> str:
        """Have the client apply an edit; why it did not, empty when it did."""
        params = {"label": f"Mellum: {wanted.kind.name}", "edit": result.edit}
        try:
            answer = await self._host.ask("workspace/applyEdit", params)
        except ClientRefused:
            return "the client refused the edit"
        if isinstance(answer, dict) and answer.get("applied") is True:
            return ""
        return "the client did not apply the edit"

    async def _explain(self, wanted: Wanted) -> dict[str, object]:
        uri = self._session.actions.explanations.begin(wanted.uri.rsplit("/", 1)[-1])
        abilities = self._session.client.abilities
        streams = abilities.reads_contents and abilities.shows_documents
        refreshing: asyncio.Task[None] | None = None

        def grown(text: str) -> None:
            nonlocal refreshing
            further = self._session.actions.explanations.grow(uri, text)
            # One at a time: a client that is slow gets fewer, and each time all there is.
            if streams and further and (refreshing is None or refreshing.done()):
                refreshing = self._send(self._refresh(uri))

        if streams:
            await self._show(uri)
        result = await self._watched(wanted, lambda told: self._session.actions.run(wanted, _both(grown, told)))
        if result.reason:
            self._session.actions.explanations.grow(uri, f"*{result.reason}*\n")
        else:
            self._session.actions.explanations.grow(uri, result.text)
        if streams:
            await self._refresh(uri)
        elif abilities.shows_documents and not result.reason:
            await self._show_file(uri)
        return {"applied": False, "reason": result.reason, "text": result.text}

    async def _show_file(self, uri: str) -> None:
        try:
            path = await asyncio.to_thread(self._session.actions.explanations.file, uri)
        except OSError as error:
            _log.warning("an explanation could not be written to a file: %s", error.strerror)
            return
        await self._show(path.as_uri())

    async def _show(self, uri: str) -> None:
        try:
            await self._host.ask("window/showDocument", {"uri": uri, "external": False, "takeFocus": False})
        except ClientRefused:
            _log.info("the client does not show a document")

    async def _refresh(self, uri: str) -> None:
        try:
            await self._host.ask("workspace/textDocumentContent/refresh", {"uri": uri})
        except ClientRefused:
            _log.info("the client does not refresh a document")

    def _send(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.ensure_future(work)
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)
        return task

    async def _watched(
        self, wanted: Wanted, run: Callable[[Callable[[str], None]], Coroutine[Any, Any, Result]]
    ) -> Result:
        """Run work that the client shows and its user can cancel; cancelled so it is a result like others."""
        self._count += 1
        token = f"mellum-action-{self._count}"
        progress: WorkProgress | None = None
        if self._session.client.shows_progress:
            progress = WorkProgress(self._host, token, wanted.kind.progress, cancellable=True)

        def told(text: str) -> None:
            if progress is not None:
                lines = text.count("\n")
                progress.at(f"{wanted.kind.progress}: {lines} line{'' if lines == 1 else 's'}")

        task = self._works[token] = asyncio.ensure_future(run(told))
        try:
            await asyncio.wait((task,))
        except asyncio.CancelledError:
            task.cancel()
            await asyncio.wait((task,))
            raise
        finally:
            del self._works[token]
            if progress is not None:
                progress.end()
        return Result("cancelled") if task.cancelled() else task.result()


def _both(one: Callable[[str], None], other: Callable[[str], None]) -> Callable[[str], None]:
    def call(text: str) -> None:
        one(text)
        other(text)

    return call
