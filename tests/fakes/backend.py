"""A Backend whose answers a test writes down beforehand, and which remembers what it was asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass

from mellum_ls.lsp_server.model.backend import BackendStatus, BackendUnavailable, Done, Message, Piece, Query, Usage

Script = Callable[[Query], str]
Replies = Callable[[tuple[Message, ...]], str]


@dataclass(frozen=True)
class AskedChat:
    """All that one turn of a conversation was asked with."""

    messages: tuple[Message, ...]
    session: str
    max_tokens: int
    priority: str
    predicted: str


# Loop turns between words: enough for whoever listens to hear each, as from a model that takes time.
TURNS = 8


class ScriptedBackend:
    """Answers with `script(query)`, a word at a time.

    While `gate` is closed it stays silent after the first word. In a conversation it says `replies(messages)`, unless
    it cannot chat for the reason `no_chat`.
    """

    def __init__(
        self,
        script: Script | str = "",
        *,
        error: str = "",
        gate: asyncio.Event | None = None,
        reason: str = "stop",
        turns: int = TURNS,
        replies: Replies | str = "",
        no_chat: str = "",
    ) -> None:
        self.script: Script = (lambda _: script) if isinstance(script, str) else script
        self.error = error
        self.gate = gate
        self.reason = reason
        self.turns = turns
        self.replies: Replies = (lambda _: replies) if isinstance(replies, str) else replies
        self.no_chat = no_chat
        self.chats: list[tuple[Message, ...]] = []
        self.asked_chats: list[AskedChat] = []
        self.chatting: asyncio.Queue[tuple[Message, ...]] = asyncio.Queue()
        self.asked: list[Query] = []
        self.asked_ahead: list[Query] = []
        self.started: asyncio.Queue[Query] = asyncio.Queue()
        self.prefilled: list[Query] = []
        self.prefilling: asyncio.Queue[Query] = asyncio.Queue()
        self.prefills_cancelled = 0
        self.cancelled = 0
        self.warmed = 0
        self.closed = False

    async def warm(self) -> None:
        self.warmed += 1

    async def complete(self, query: Query, *, ahead: bool = False) -> AsyncGenerator[Piece | Done, None]:
        (self.asked_ahead if ahead else self.asked).append(query)
        self.started.put_nowait(query)
        if self.error:
            raise BackendUnavailable(self.error)
        text = self.script(query)
        try:
            for word in _words(text):
                yield Piece(word)
                for _ in range(self.turns):
                    await asyncio.sleep(0)
                if self.gate is not None:
                    await self.gate.wait()
            yield Done(text, self.reason, usage_of(query, text))
        except (asyncio.CancelledError, GeneratorExit):
            self.cancelled += 1
            raise

    async def chat(
        self,
        messages: Sequence[Message],
        *,
        session: str,
        max_tokens: int,
        priority: str = "action",
        predicted: str = "",
    ) -> AsyncGenerator[Piece | Done, None]:
        self.chats.append(tuple(messages))
        self.asked_chats.append(AskedChat(tuple(messages), session, max_tokens, priority, predicted))
        self.chatting.put_nowait(tuple(messages))
        if self.no_chat or self.error:
            raise BackendUnavailable(self.no_chat or self.error)
        text = self.replies(tuple(messages))
        try:
            for word in _words(text):
                yield Piece(word)
                for _ in range(self.turns):
                    await asyncio.sleep(0)
                if self.gate is not None:
                    await self.gate.wait()
            yield Done(text, self.reason, Usage())
        except (asyncio.CancelledError, GeneratorExit):
            self.cancelled += 1
            raise

    async def why_no_chat(self) -> str:
        return self.no_chat

    async def prefill(self, query: Query) -> bool:
        self.prefilled.append(query)
        self.prefilling.put_nowait(query)
        if self.error:
            raise BackendUnavailable(self.error)
        try:
            if self.gate is not None:
                await self.gate.wait()
        except asyncio.CancelledError:
            self.prefills_cancelled += 1
            raise
        return self.reason not in ("cancelled", "superseded")

    async def status(self) -> BackendStatus:
        return BackendStatus("failed" if self.error else "ready", "scripted", self.error)

    async def close(self) -> None:
        self.closed = True


def usage_of(query: Query, text: str) -> Usage:
    """What the scripted model says an answer cost: a token a character, all of the prompt but its path computed."""
    computed = len(query.prefix) + len(query.suffix)
    return Usage(computed + len(query.path), computed, len(text), 1.5, 2.5)


def _words(text: str) -> list[str]:
    pieces = text.split(" ")
    return [f"{piece} " for piece in pieces[:-1]] + [pieces[-1]] if text else []
