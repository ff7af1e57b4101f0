"""One action from question to result: the model is asked, its answer is judged, and where it fails asked once more.

A document that changes meanwhile ends it: nothing that was written for another text is ever offered.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import replace

from mellum_ls.context.edits.additions import CannotAdd, added
from mellum_ls.context.languages.parsed import Parsed, parsed
from mellum_ls.lsp_server.actions.checking import check
from mellum_ls.lsp_server.actions.place_of_tests import PlaceOfTests
from mellum_ls.lsp_server.actions.prompting import Situation, conversation, once_more
from mellum_ls.lsp_server.actions.region import Region
from mellum_ls.lsp_server.actions.result import Result, edit_of, file_of
from mellum_ls.lsp_server.documents.store import Snapshot
from mellum_ls.lsp_server.model.backend import Backend, BackendUnavailable, Done, Message
from mellum_ls.lsp_server.prompt.windows import model_text
from mellum_ls.lsp_server.rewriting.fenced import Malformed, parse_answer
from mellum_ls.lsp_server.rewriting.minimal import changes
from mellum_ls.lsp_server.rewriting.sound import fitted, refuse_gaps

TRIES = 2
TEXT_TOKENS, FILE_TOKENS, MOST_TOKENS = 1024, 2048, 4096
MOVED_ON = "the document has moved on"
OnGrowth = Callable[[str], None]


class Stale(Exception):
    """The document is another than the one that the action is for."""


class Writing:
    """One action for a document as it was. `still_wanted` says whether it is that document still.

    `on_growth` gets all that the model has written so far, again and again. All of it raises BackendUnavailable.
    """

    def __init__(
        self,
        backend: Backend,
        situation: Situation,
        snapshot: Snapshot,
        still_wanted: Callable[[], bool],
        on_growth: OnGrowth,
    ) -> None:
        self._backend, self._situation = backend, situation
        self._snapshot, self._still_wanted, self._on_growth = snapshot, still_wanted, on_growth

    async def explain(self) -> Result:
        """A text about the part. It is about the document as it was, which may change meanwhile."""
        answer = await self._ask(conversation(self._situation), TEXT_TOKENS)
        text = answer.text.strip()
        return Result(text=text + "\n") if text else Result("the model said nothing")

    async def edit(self, before: Parsed, version: int | None, *, versioned: bool) -> Result:
        """An edit of the part, which stands in the text `before`."""
        here = self._situation
        old = list(here.lines[here.first : here.last + 1])

        whole = ""

        def judged(lines: Sequence[str]) -> dict[str, object]:
            nonlocal whole
            new = fitted(lines, old)
            part = Region(here.first, here.last)
            whole = check(before, part, new, here.kind, here.path, self._snapshot.language_id)
            smallest = changes("\n".join(old), "\n".join(new), here.first)
            return edit_of(self._snapshot, version, smallest, versioned=versioned)

        result = await self._tried(judged, here.path, min(MOST_TOKENS, 256 + len(here.part)))
        return replace(result, becomes=whole if result.done else "")

    async def into(self, place: PlaceOfTests, snapshot: Snapshot, *, versioned: bool) -> Result:
        """Further code for the file of tests at `place`, which is `snapshot` now."""
        text, language = model_text("".join(snapshot.lines)), snapshot.language_id
        faults = parsed(text, place.path, language).faults

        def judged(lines: Sequence[str]) -> dict[str, object]:
            refuse_gaps(text.split("\n"), lines)
            try:
                new = added(text, "\n".join(lines), place.path, language)
            except CannotAdd as error:
                raise Malformed(str(error)) from error
            if new == text:
                raise Malformed("the answer changes nothing")
            if parsed(new, place.path, language).faults > faults:
                raise Malformed("the answer has a fault of syntax")
            return edit_of(snapshot, place.version, changes(text, new), versioned=versioned)

        result = await self._tried(judged, place.path, FILE_TOKENS)
        return replace(result, target=place.uri, revision=snapshot.revision if place.is_open else None)

    async def file(self, uri: str) -> Result:
        """A new file at `uri`."""
        path = self._situation.new_file

        def judged(lines: Sequence[str]) -> dict[str, object]:
            text = "\n".join(lines).strip("\n") + "\n"
            if parsed(text, path, "").faults:
                raise Malformed("the answer has a fault of syntax")
            return file_of(uri, text)

        return await self._tried(judged, path, FILE_TOKENS)

    async def _tried(self, judged: Callable[[Sequence[str]], dict[str, object]], path: str, tokens: int) -> Result:
        messages = conversation(self._situation)
        reason = ""
        for _ in range(TRIES):
            try:
                answer = await self._ask(messages, tokens)
            except Stale:
                return Result(MOVED_ON)
            try:
                if answer.reason == "length":
                    raise Malformed("the answer was cut off, it is too long")
                block = parse_answer(answer.text, path, self._situation.part)
                return Result(edit=judged(block.lines), revision=self._snapshot.revision)
            except Malformed as error:
                reason = str(error)
                messages = once_more(messages, answer.text, reason)
        return Result(f"{self._situation.kind.nothing}: {reason}")

    async def _ask(self, messages: Sequence[Message], max_tokens: int) -> Done:
        """The model's whole answer. Raises Stale as soon as an edit would come too late."""
        session = f"{self._snapshot.uri} action"
        text = ""
        async with aclosing(self._backend.chat(messages, session=session, max_tokens=max_tokens)) as stream:
            async for item in stream:
                if self._situation.kind.makes_edit and not self._still_wanted():
                    raise Stale
                if isinstance(item, Done):
                    return item
                text += item.text
                self._on_growth(text)
        raise BackendUnavailable("the model broke off in the middle of its answer")
