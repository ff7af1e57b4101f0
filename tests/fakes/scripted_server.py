"""The real server in its own process with a scripted model: `python scripted_server.py ANSWER [MODE]`.

ANSWER is what it completes with, and what it says in conversations.

With `hang` the model says one word and then nothing more; with `fail` it cannot be reached. With `table` ANSWER is a
JSON object from the paths of documents to the answers there, and of a path with `hang` in it only one word is said.
With `forget` nothing of what it was asked is kept, for those who look at memory. With `spy` everything that it is asked
goes to the file that the third argument names, a line of JSON each. With `chat` ANSWER is a JSON list of what it says
in conversations, one after the other and the last one again and again, and one with `hang on` in it is never ended;
what it was asked goes to the file that the third argument names. With `silent` it cannot chat. With `ranks` ANSWER is a
JSON list of suggestions, the likeliest first.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import asdict
from pathlib import Path

# Run as a program, this file does not find its sibling by its test name.
sys.path.insert(0, str(Path(__file__).parent))

from backend import ScriptedBackend  # type: ignore[import-not-found,unused-ignore]

from mellum_ls.lsp_server.model.backend import Done, Message, Piece, Query
from mellum_ls.lsp_server.serve import Connection, run


class TableBackend(ScriptedBackend):  # type: ignore[misc,unused-ignore]
    """Answers by the document's path."""

    async def complete(self, query: Query, *, ahead: bool = False) -> AsyncGenerator[Piece | Done, None]:
        async with aclosing(super().complete(query, ahead=ahead)) as stream:
            async for item in stream:
                yield item
                if "hang" in query.path:
                    await asyncio.Event().wait()


class ForgetfulBackend(ScriptedBackend):  # type: ignore[misc,unused-ignore]
    """Answers like the others and remembers nothing."""

    def complete(self, query: Query, *, ahead: bool = False) -> AsyncGenerator[Piece | Done, None]:
        self._forget()
        return super().complete(query, ahead=ahead)  # type: ignore[no-any-return,unused-ignore]

    async def prefill(self, query: Query) -> bool:
        self._forget()
        return await super().prefill(query)  # type: ignore[no-any-return,unused-ignore]

    def _forget(self) -> None:
        self.asked.clear()
        self.asked_ahead.clear()
        self.prefilled.clear()
        self.started, self.prefilling = asyncio.Queue(), asyncio.Queue()


class SpyBackend(ScriptedBackend):  # type: ignore[misc,unused-ignore]
    """Writes down all that would reach a model."""

    def complete(self, query: Query, *, ahead: bool = False) -> AsyncGenerator[Piece | Done, None]:
        _write_down(query)
        return super().complete(query, ahead=ahead)  # type: ignore[no-any-return,unused-ignore]

    async def prefill(self, query: Query) -> bool:
        _write_down(query)
        return await super().prefill(query)  # type: ignore[no-any-return,unused-ignore]


class ChatBackend(ScriptedBackend):  # type: ignore[misc,unused-ignore]
    """Says in conversations what is written down for it, and writes down what it is asked."""

    def __init__(self, replies: list[str]) -> None:
        super().__init__(replies=lambda messages: self._next(messages))
        self._left = replies

    def _next(self, messages: tuple[Message, ...]) -> str:
        with Path(sys.argv[3]).open("a", encoding="utf-8") as file:
            file.write(json.dumps([asdict(message) for message in messages]) + "\n")
        reply = self._left.pop(0) if len(self._left) > 1 else self._left[0]
        self.gate = asyncio.Event() if "hang on" in reply else None
        return reply


def _write_down(query: Query) -> None:
    with Path(sys.argv[3]).open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(query)) + "\n")


def make_backend(_: str) -> ScriptedBackend:
    """The model that the command line describes."""
    mode = sys.argv[2] if len(sys.argv) > 2 else ""
    if mode == "table":
        table = json.loads(sys.argv[1])
        return TableBackend(lambda query: table.get(query.path, ""))
    if mode == "ranks":
        ranks = json.loads(sys.argv[1])
        return ScriptedBackend(lambda query: ranks[query.rank] if query.rank < len(ranks) else "")
    if mode == "spy":
        return SpyBackend(sys.argv[1])
    if mode == "chat":
        return ChatBackend(json.loads(sys.argv[1]))
    if mode == "silent":
        return ScriptedBackend("", no_chat="the model cannot chat: it has no chat template")
    if mode == "forget":
        return ForgetfulBackend(sys.argv[1])
    gate = asyncio.Event() if mode == "hang" else None
    away = "the model is away" if mode == "fail" else ""
    return ScriptedBackend(sys.argv[1], replies=sys.argv[1], gate=gate, error=away)


if __name__ == "__main__":
    sys.exit(run(Connection(), make_backend=make_backend))
