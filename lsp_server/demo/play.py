"""The performance: deletes a piece of real code, types it again, asks in the pauses, takes what is right.

Puts together editor, typist and screen; knows neither JSON-RPC nor colours.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from mellum_ls.lsp_server.demo.editor import Editor, Ghost
from mellum_ls.lsp_server.demo.plan import Edit
from mellum_ls.lsp_server.demo.report import Shown, Tally
from mellum_ls.lsp_server.demo.screen import Screen, View
from mellum_ls.lsp_server.demo.sources import Source
from mellum_ls.lsp_server.demo.typist import Pause, Typist, Verdict, judge

NEEDED = 10
AIM = 14
ANSWER_SECONDS = 60.0  # after this long even the most patient give up on an answer
GROWING_SECONDS = 2.0  # for text that has begun to appear
_MARKS: dict[Verdict, str] = {"whole": "taken", "partly": "taken in part", "none": "typed on"}


@dataclass(frozen=True, slots=True)
class Limits:
    """When to stop, in seconds since the start: at `soft` if enough was shown, at `hard` in any case."""

    soft: float
    hard: float


class Performance:
    """Plays edits one after another. `clock` gives seconds, `sleep` takes them."""

    def __init__(
        self,
        editor: Editor,
        typist: Typist,
        screen: Screen,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._editor, self._typist, self._screen = editor, typist, screen
        self._clock, self._sleep = clock, sleep
        self.tally = Tally()
        self._fresh: list[tuple[int, int]] = []
        self._notes: list[str] = []

    async def run(self, edits: Sequence[Edit], sources: Sequence[Source], limits: Limits) -> None:
        """Play `edits` until enough was shown. Raises ServerGone, or TimeoutError for a stuck server."""
        texts = {source.path: source.text for source in sources}
        started = self._clock()
        path = ""
        for number, edit in enumerate(edits):
            enough = len(self.tally.shown) >= NEEDED
            seconds = self._clock() - started
            if seconds > limits.hard or (enough and (number >= AIM or seconds > limits.soft)):
                return
            if edit.path != path:
                path = edit.path
                self._editor.open(path, texts[path])
            await self.play(edit)

    async def play(self, edit: Edit) -> None:
        """Delete one piece of the open file and type it again; afterwards the text is what it was."""
        buffer = self._editor.buffer
        buffer.move(edit.start)
        self._fresh, self._notes = [], []
        self._screen.begin(f"{edit.path}:{buffer.line + 1}")
        self._editor.delete(len(edit.truth))
        self.tally.edits += 1
        rest, typed = edit.truth, 0
        pause = self._typist.arrive()
        while rest:
            self._draw()
            taken = await self._offer(pause, rest)
            if taken:
                self._take(taken)
                rest = rest[len(taken) :]
                pause = self._typist.think()
                continue
            key = self._typist.key(rest, typed)
            if key is None:
                break
            self._editor.type(key.text)
            self.tally.typed_chars += len(key.text)
            rest, typed, pause = rest[len(key.text) :], typed + len(key.text), key.pause
        if rest:
            self._editor.type(rest)
        self._screen.end(self._view(""))

    async def _offer(self, pause: Pause, rest: str) -> str:
        """Rest for `pause`, with a question to the server if it is long enough; the text to take, if any."""
        await self._sleep(pause.debounce)
        if pause.patience <= 0:
            return ""
        ghost = Ghost(self._clock())
        await self._watch(ghost, pause, rest)
        self.tally.requests += 1
        if ghost.text:
            taken = self._consider(ghost, rest)
            # Whoever is in the flow of typing types through what is of no use.
            if taken or not pause.steady:
                await self._sleep(self._typist.reading)
            return taken
        if ghost.total_s is None:
            self.tally.cancelled += 1
        else:
            self.tally.empty += 1
            if pause.steady:
                await self._sleep(max(0.0, pause.patience - ghost.total_s))
        return ""

    async def _watch(self, ghost: Ghost, pause: Pause, rest: str) -> None:
        """Ask and look on until the answer is whole or patience ends; then the question is taken back."""
        request = asyncio.ensure_future(self._editor.suggest(ghost, lambda: self._draw(ghost.text)))
        try:
            if pause.patience > ANSWER_SECONDS:
                async with asyncio.timeout(ANSWER_SECONDS):
                    await asyncio.wait({request})
            else:
                await self._wait(request, pause.patience)
                # Nobody waits for the end of text that is wrong already.
                if judge(ghost.text, rest)[0] == "whole":
                    await self._wait(request, GROWING_SECONDS)
            if request.done():
                await request
        finally:
            request.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await request

    async def _wait(self, request: asyncio.Future[None], seconds: float) -> None:
        """Until the request is done, for at most `seconds` of the injected time."""
        alarm = asyncio.ensure_future(self._sleep(seconds))
        await asyncio.wait({request, alarm}, return_when=asyncio.FIRST_COMPLETED)
        alarm.cancel()

    def _consider(self, ghost: Ghost, rest: str) -> str:
        verdict, taken = judge(ghost.text, rest)
        buffer = self._editor.buffer
        assert ghost.first_s is not None, "text that has no first moment"
        shown = Shown(buffer.path, buffer.line + 1, ghost.text, rest, verdict, taken, ghost.first_s, ghost.total_s)
        self.tally.shown.append(shown)
        self._notes.append(_note(shown))
        self._screen.settle(self._view(ghost.text), taken=bool(taken))
        return taken

    def _take(self, text: str) -> None:
        start = len(self._editor.buffer.before)
        self._editor.type(text)
        self._fresh.append((start, start + len(text)))

    def _draw(self, ghost: str = "") -> None:
        self._screen.update(self._view(ghost))

    def _view(self, ghost: str) -> View:
        buffer = self._editor.buffer
        return View(buffer.before, buffer.after, ghost, tuple(self._fresh), tuple(self._notes))


def _note(shown: Shown) -> str:
    words = " ".join(shown.suggestion.split())
    whole = "cut off" if shown.total_s is None else f"whole {shown.total_s * 1000:.0f} ms"
    return f"{_MARKS[shown.accepted]:13}  first {shown.first_s * 1000:.0f} ms, {whole}  {words}"
