"""Plays a script into an editor at the speed of the machine: no pause of the recording lasts longer than work is done.

Knows neither JSON-RPC nor what the figures are used for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from typing import Protocol

from mellum_ls.lsp_server.demo.client import Refused
from mellum_ls.lsp_server.keystrokes.script import Change, Move, Open, Script, Step
from mellum_ls.lsp_server.keystrokes.tally import Asked, Status, Tally, is_idle

REST_SECONDS = 0.1
"""A caret that stands still for so long rests; one that does not is on its way."""
NOTICE_SECONDS = 0.25
"""How long to wait for the server to make use of a caret that rests; it waits for a while itself."""
FLOW_SECONDS = 0.3
"""Keys that follow one another faster are typed without a look at suggestions, where answers are overtaken."""
LONG_NOTICE_SECONDS = 1.0
"""The same where no time is measured, so that a busy machine comes to it as well."""
POLL_SECONDS = 0.02
ANSWER_SECONDS = 900.0
"""Patience with a busy machine, for which the counts are as good: a first prompt may be 10,000 tokens long."""


class Typewriter(Protocol):
    """What a script is played into; editor.Editor is one."""

    def open(self, action: Open) -> None:
        """Open a document, or put another text into an open one."""

    def change(self, action: Change) -> None:
        """Make an edit in an open document."""

    def move(self, action: Move) -> bool:
        """Tell where the caret rests; whether anybody wants to know."""

    def text(self, path: str) -> str:
        """An open document as it is now."""

    async def complete(self, path: str, caret: int) -> str:
        """The text of the suggestion at `caret`."""

    async def status(self) -> Status:
        """What the server says of itself and of the model."""


class Replay:
    """One playing of one script. `clock` gives seconds, `sleep` takes them."""

    def __init__(
        self,
        editor: Typewriter,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        *,
        limit: int | None = None,
        overtake: bool = False,
        closed: Collection[str] = (),
        read_within: float | None = None,
    ) -> None:
        """`limit` ends it after so many requests. With `overtake` keys in the flow of typing wait for no answer: only
        for one round trip, so that the request has reached the model. Files in `closed` are never opened.

        `read_within` plays a machine that has read ahead after so many seconds: a caret that rests for less is not told
        of, and one that rests for as long rests until all is read. Then what is counted does not depend on the speed.
        """
        self._editor, self._clock, self._sleep = editor, clock, sleep
        self._limit, self._overtake, self._closed = limit, overtake, frozenset(closed)
        self._read_within = read_within
        self._open: dict[asyncio.Task[None], Asked] = {}
        self.tally = Tally()

    async def run(self, script: Script) -> None:
        """Play it. Raises NoUsage, ServerGone, and TimeoutError when an answer does not come."""
        try:
            for step in script.steps:
                if len(self.tally.asked) == self._limit:
                    break
                if step.action.path not in self._closed:
                    await self._play(step)
            await self._answers()
            self.tally.see(await self._editor.status())
        finally:
            for task in self._open:
                task.cancel()
            await asyncio.gather(*self._open, return_exceptions=True)

    async def _play(self, step: Step) -> None:
        action = step.action
        if isinstance(action, Open):
            self._editor.open(action)
        elif isinstance(action, Change):
            for task, asked in self._open.items():
                asked.overtaken = not task.done()
            self._editor.change(action)
            if action.caret is not None:
                await self._ask(action.path, action.caret, wait=not self._overtake or step.pause_s >= FLOW_SECONDS)
        elif self._read_within is None or step.pause_s >= self._read_within:
            await self._move(action, step.pause_s)

    async def _move(self, action: Move, pause_s: float) -> None:
        rests = self._read_within is not None or pause_s >= REST_SECONDS
        if rests:
            await self._answers()
        if not self._editor.move(action):
            return
        if not rests:
            # How fast a caret goes by tells the server that it is on its way.
            await self._sleep(pause_s)
            return
        self.tally.moves += 1
        if self._read_within is None:
            await self._rest(pause_s, NOTICE_SECONDS)
        else:
            await self._rest(ANSWER_SECONDS, LONG_NOTICE_SECONDS)

    async def _ask(self, path: str, caret: int, *, wait: bool) -> None:
        asked = Asked((path, self._editor.text(path), caret))
        self.tally.asked.append(asked)
        task = asyncio.ensure_future(self._answer(asked))
        self._open[task] = asked
        task.add_done_callback(lambda done: self._open.pop(done, None))
        if wait:
            await self._answers()
        else:
            await asyncio.sleep(0)  # lets the request out before the status
        status = await self._editor.status()
        call = self.tally.see(status, after_answer=wait)
        if wait:
            asked.watched, asked.call = True, call
            self.tally.errors += bool(status.get("lastError"))

    async def _answer(self, asked: Asked) -> None:
        path, _, caret = asked.state
        started = self._clock()
        try:
            asked.text = await self._editor.complete(path, caret)
        except Refused:
            self.tally.errors += 1
        else:
            asked.seconds = self._clock() - started

    async def _answers(self) -> None:
        """Wait for what is open."""
        if self._open:
            async with asyncio.timeout(ANSWER_SECONDS):
                await asyncio.gather(*self._open)

    async def _rest(self, seconds: float, notice: float) -> None:
        """Let the server use the pause: until it has read ahead and is idle, or until the pause of `seconds` is over.

        What it makes no use of for `notice` seconds is over too.
        """
        warm_ups = self.tally.warm_ups
        started = now = self._clock()
        while now - started < seconds:
            status = await self._editor.status()
            self.tally.see(status)
            noticed = self.tally.warm_ups > warm_ups or now - started >= notice
            if noticed and is_idle(status):
                return
            await self._sleep(min(POLL_SECONDS, seconds - (now - started)))
            now = self._clock()
