"""The engine that has a model write lines anew: those around the cursor, then others that what was changed concerns.

What the model answers is read strictly, and only what differs is proposed. Knows no filters: what is worth showing is
decided elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Protocol

from mellum_ls.context.edits.types import Hunk, Proposal
from mellum_ls.lsp_server.model.backend import BackendUnavailable, Done, Message, Stream
from mellum_ls.lsp_server.next_edits.choosing import NOTHING
from mellum_ls.lsp_server.next_edits.question import MOST_HUNKS, Question
from mellum_ls.lsp_server.next_edits.regions import changed_names, regions
from mellum_ls.lsp_server.next_edits.related import related
from mellum_ls.lsp_server.next_edits.situation import InThread, NothingFound, Situation
from mellum_ls.lsp_server.prompt.secrets import without_secrets
from mellum_ls.lsp_server.rewriting.fenced import Malformed, is_closed, parse_answer
from mellum_ls.lsp_server.rewriting.minimal import changes
from mellum_ls.lsp_server.rewriting.sound import fitted, refuse_unsound

MOST_PART_CHARS = 2_500
APART = 2
"""So many lines have to stay as they are between two changes for them to be two edits."""
_SPARE_TOKENS = 96
_MOST_TOKENS = 1_024
_MOST_PREAMBLE = 400
"""So many characters without any block, and there will be none."""
_NAME = re.compile(r"[^\W\d]\w+")


class Ask(Protocol):
    """Asks the model in force for the next turn of a conversation, as Backend.chat does."""

    def __call__(self, messages: Sequence[Message], *, session: str, max_tokens: int, predicted: str) -> Stream:
        """The answer as it is written."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is to be asked, or why nothing is."""

    questions: tuple[Question, ...] = ()
    reason: str = ""


class ModelEngine:
    """An Engine."""

    def __init__(self, ask: Ask, in_thread: InThread) -> None:
        self._ask = ask
        self._in_thread = in_thread

    async def propose(self, situation: Situation) -> Sequence[Proposal]:
        """See Engine. Raises BackendUnavailable."""
        asked: _Asked = await self._in_thread(lambda: _questions(situation))
        reason = asked.reason or "the model would change nothing"
        for question in asked.questions:
            try:
                found = await self._answer(question, situation)
            except Malformed as error:
                reason = f"what the model wrote cannot be used: {error}"
                continue
            if found:
                return found
        raise NothingFound(reason)

    async def _answer(self, question: Question, situation: Situation) -> list[Proposal]:
        old = question.part.split("\n")
        text = await self._written(question, situation.snapshot.uri)
        new = fitted(parse_answer(text, question.path, question.part).lines, old)
        if new == old:
            return []
        refuse_unsound(question.lines, question.first, question.last, new)
        found = changes(question.part, "\n".join(new), question.first, apart=APART)
        line = situation.snapshot.line
        return [
            Proposal(question.path, change.span, change.old, change.new, "model", "what the model would change", 0.5)
            for change in sorted(found, key=lambda change: abs(change.span.start_line - line))
        ]

    async def _written(self, question: Question, uri: str) -> str:
        """The model's answer as far as it is wanted: to the end of its block. Raises Malformed for half of one."""
        stream = self._ask(
            question.messages(),
            session=f"{uri} next edit",
            max_tokens=min(_MOST_TOKENS, len(question.part) // 2 + _SPARE_TOKENS),
            predicted=question.predicted,
        )
        text = ""
        async with aclosing(stream) as items:
            async for item in items:
                if isinstance(item, Done):
                    if item.reason != "stop":
                        raise Malformed("it is not whole")
                    return item.text
                text += item.text
                if is_closed(text):
                    return text
                if len(text) > _MOST_PREAMBLE and "```" not in text and "~~~" not in text:
                    raise Malformed("the answer has no code block")
        raise BackendUnavailable("the model broke off in the middle of its answer")


def _questions(situation: Situation) -> _Asked:
    """What the model is to be asked, decided without it: mostly that is nothing."""
    # The parsers are loaded when they are first wanted, not at the start.
    from mellum_ls.context.languages.parsed import parsed

    hunks = situation.log.hunks(MOST_HUNKS)
    if not hunks or not _says_anything(hunks[0]):
        return _Asked(reason=NOTHING)
    clean = without_secrets(situation.text)
    lines, raw = clean.split("\n"), situation.text.split("\n")
    text = parsed(clean, situation.path, situation.snapshot.language_id)
    found, reason = [], "there is no part of a size that can be written anew"
    for first, last in regions(text, situation.snapshot.line, hunks, situation.path):
        if lines[first : last + 1] != raw[first : last + 1]:
            # With a placeholder before it the model would write the placeholder into the user's text.
            reason = "the code holds a secret"
        elif sum(map(len, lines[first : last + 1])) <= MOST_PART_CHARS:
            found.append((first, last))
    if not found:
        return _Asked(reason=reason)
    changed = sorted(changed_names(hunks[:1], text, situation.path))
    mentioned = _NAME.findall("\n".join(lines[found[0][0] : found[0][1] + 1]))
    pieces = related(changed, mentioned, situation)
    language = situation.snapshot.language_id
    return _Asked(tuple(Question(situation.path, language, lines, first, last, hunks, pieces) for first, last in found))


def _says_anything(hunk: Hunk) -> bool:
    """Whether a change was more than white space."""
    old, new = ("".join("".join(lines).split()) for lines in (hunk.old, hunk.new))
    return old != new
