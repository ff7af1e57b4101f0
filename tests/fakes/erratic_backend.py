"""A Backend with moods: quick, slow, silent, away, faulty, verbose. Which one shows depends on the query alone."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from mellum_ls.lsp_server.model.backend import BackendStatus, BackendUnavailable, Done, Message, Piece, Query, Usage

ANSWERS = (
    "x",
    "total = 1",
    "add(1, [2, 3])",
    "(((",
    ")]}",
    '"open',
    "",
    "   ",
    "\n\n\n",
    "a()\nb()\nc()\n",
    "if x:\r\n    y()\r\n\r\n",
    "one\rtwo\u2028three\x0bfour",
    "🎉 = '語'  # é",
    "\tif 🎉:\n\t\t語()\n",
    "x" * 5_000,
    "line\n" * 300,
    "} else {\n    return a;\n}\n",
    "print(x))",
)
REASONS = ("stop", "stop", "stop", "length", "loop", "cancelled", "superseded")
HANG_ONE_IN, AWAY_ONE_IN, FAULT_ONE_IN = 6, 17, 31


class ErraticBackend:
    """Takes its time in turns of the event loop, never in seconds; one that hangs has to be let go of."""

    async def warm(self) -> None:
        return None

    async def complete(self, query: Query, *, ahead: bool = False) -> AsyncGenerator[Piece | Done, None]:
        mood = _mood(query)
        await _turns(mood % 4)
        if mood % AWAY_ONE_IN == 0:
            raise BackendUnavailable("the model is away")
        if mood % FAULT_ONE_IN == 0:
            raise RuntimeError("a fault of the model's client")
        text = ANSWERS[mood // 7 % len(ANSWERS)]
        size = 1 + mood % 11
        for start in range(0, min(len(text), 40 * size), size):
            yield Piece(text[start : start + size])
            await _turns(mood % 3)
        if mood % HANG_ONE_IN == 0:
            await asyncio.Event().wait()
        yield Done(text, REASONS[mood // 5 % len(REASONS)], Usage(1, 1, 1, 1.0, 1.0))

    async def prefill(self, query: Query) -> bool:
        mood = _mood(query)
        if mood % AWAY_ONE_IN == 0:
            raise BackendUnavailable("the model is away")
        if mood % HANG_ONE_IN == 0:
            await asyncio.Event().wait()
        return mood % 2 == 0

    async def chat(
        self,
        messages: Sequence[Message],
        *,
        session: str,
        max_tokens: int,
        priority: str = "action",
        predicted: str = "",
    ) -> AsyncGenerator[Piece | Done, None]:
        said = "".join(message.text for message in messages)
        async with aclosing(self.complete(Query(session, said, ""))) as stream:
            async for item in stream:
                yield item

    async def why_no_chat(self) -> str:
        return ""

    async def status(self) -> BackendStatus:
        return BackendStatus("ready", "erratic", "")

    async def close(self) -> None:
        return None


def _mood(query: Query) -> int:
    return zlib.crc32(f"{query.path}\0{query.prefix}\0{query.suffix}".encode("utf-8", "surrogatepass"))


async def _turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)
