"""One answer to one request: from what is parked, from what the model writes already, else from the model anew.

Knows when an answer is good enough to give; what to ask the model, and whether, is decided by its callers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence

from mellum_ls.lsp_server.answers.completer import Answer, Gap, Suggestion, fit, fit_ended
from mellum_ls.lsp_server.answers.flight import Flight
from mellum_ls.lsp_server.answers.parked import Parked, ParkedTexts, rest_of, typed_since
from mellum_ls.lsp_server.answers.rhythm import Rhythm
from mellum_ls.lsp_server.documents.store import Edit
from mellum_ls.lsp_server.model.backend import Stream
from mellum_ls.lsp_server.prompt.windows import model_text
from mellum_ls.lsp_server.settings.fields import Settings

PARKED = "parked"
"""The reason of an answer that cost the model nothing."""
EARLY = "early"
"""The reason of an answer that was given while the model goes on writing."""
_STOPPED = ("cancelled", "superseded")

Growth = Callable[[Suggestion], None]
Open = Callable[[], Awaitable[Stream]]
"""Asks the model; called only when nothing else answers."""


class Answering:
    """Parked texts and flights of all documents of a window. `sleep` and `clock` are in seconds."""

    def __init__(self, sleep: Callable[[float], Awaitable[None]], clock: Callable[[], float]) -> None:
        self._sleep = sleep
        self._clock = clock
        self._flights: dict[str, Flight] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self.parked = ParkedTexts()
        self.rhythm = Rhythm(clock)

    def __len__(self) -> int:
        """How many answers are being written."""
        return len(self._flights)

    def __iter__(self) -> Iterator[str]:
        """The documents in which an answer is being written."""
        return iter(self._flights)

    def __contains__(self, uri: str) -> bool:
        return uri in self._flights

    def follow(self, uri: str, edits: Sequence[Edit]) -> None:
        """A document was edited: an answer goes on only if what was typed agrees with it."""
        self.rhythm.key()
        flight = self._flights.get(uri)
        if flight is not None and not flight.follow(edits):
            self.end(uri)

    def end(self, uri: str) -> None:
        """Stop what is being written for a document."""
        flight = self._flights.pop(uri, None)
        if flight is not None:
            flight.end()
            if not flight.task.done():
                # The loop holds tasks weakly; one that still cleans up must not be lost.
                self._ending.add(flight.task)
                flight.task.add_done_callback(self._ending.discard)

    def forget(self, uri: str | None = None) -> None:
        """Stop and drop everything of a document, or of all: it is closed, or the model or the settings are others."""
        for known in [uri] if uri is not None else list(self._flights):
            self.end(known)
        self.parked.forget(uri)

    async def write_ahead(self, gap: Gap, shown: Suggestion, accepted: Gap, settings: Settings, ask: Open) -> None:
        """Have the model write what would be asked for once `shown` is `accepted` at `gap`, unless that is known."""
        uri = gap.snapshot.uri
        flight = self._flights.get(uri)
        if flight is not None or self.parked.find(accepted, settings) is not None:
            return
        stream = await ask()
        if uri not in self._flights:
            self._start(gap, stream, settings, model_text(shown.text)[len(gap.chosen) :])

    async def close(self) -> None:
        """Stop everything and wait until the model is let go."""
        self.forget()
        if self._ending:
            await asyncio.wait(self._ending)

    async def answer(
        self, gap: Gap, settings: Settings, ask: Open, *, at_once: bool = False, on_growth: Growth | None = None
    ) -> Answer:
        """The answer at `gap`; unless `at_once`, the model is asked only when the typist seems to look.

        Raises BackendUnavailable. Cancelling leaves what the model writes to `end`, `follow` or the next request.
        """
        began = self._clock()
        while True:
            served = self.parked.find(gap, settings)
            if served is not None:
                return Answer(served.suggestion, PARKED, None)
            flight = self._along(gap)
            if flight is None:
                pause = 0.0 if at_once else self.rhythm.wait(settings.debounce_ms / 1000)
                if pause:
                    await self._sleep(pause)
                flight = self._start(gap, await ask(), settings)
            answer = await self._wait(flight, gap, settings, on_growth)
            if answer is not None:
                self.rhythm.answered(self._clock() - began)
                return answer

    def _along(self, gap: Gap) -> Flight | None:
        """The flight of the document where it may still answer at `gap`; one that may not is ended."""
        flight = self._flights.get(gap.snapshot.uri)
        if flight is None:
            return None
        typed = typed_since(flight.gap, gap)
        if typed is None or flight.over or len(typed) < len(flight.known) or not flight.goes_along(typed):
            self.end(gap.snapshot.uri)
            return None
        return flight

    def _start(self, gap: Gap, stream: Stream, settings: Settings, known: str = "") -> Flight:
        uri = gap.snapshot.uri

        def landed(flight: Flight) -> None:
            if self._flights.get(uri) is flight:
                del self._flights[uri]
            if flight.done is not None and flight.done.reason not in _STOPPED:
                self.parked.put(_park(flight, settings))

        self.end(uri)
        flight = self._flights[uri] = Flight(gap, stream, landed, known)
        return flight

    async def _wait(self, flight: Flight, gap: Gap, settings: Settings, on_growth: Growth | None) -> Answer | None:
        """What the flight brings at `gap`, early if need be; None when it goes another way than what was typed."""
        typed = typed_since(flight.gap, gap)
        late = asyncio.ensure_future(self._sleep(settings.early_answer_ms / 1000)) if settings.early_answer_ms else None
        shown: Suggestion | None = None
        try:
            while typed is not None and flight.goes_along(typed) and not flight.over:
                rest = flight.written[len(typed) :]
                if on_growth is not None and (grown := fit(gap, rest, settings, whole=False)) not in (None, shown):
                    on_growth(grown)
                    shown = grown
                early = _whole_lines(rest) if late is not None and late.done() else ""
                if early and (suggestion := fit(gap, early, settings)):
                    return Answer(suggestion, EARLY, None)
                await _first(flight.growth(), None if late is None or late.done() else late)
        finally:
            if late is not None:
                late.cancel()
        if flight.failure is not None and not isinstance(flight.failure, asyncio.CancelledError):
            raise flight.failure
        if flight.done is None or typed is None or not flight.goes_along(typed):
            return None
        if flight.done.reason in _STOPPED:
            return Answer(None, flight.done.reason, flight.done.usage)
        served = rest_of(_park(flight, settings), gap, settings)
        return None if served is None else Answer(served.suggestion, flight.done.reason, flight.done.usage)


def _park(flight: Flight, settings: Settings) -> Parked:
    """What a flight that the model has ended leaves."""
    reason = "" if flight.done is None else flight.done.reason
    shown = None if flight.known else fit_ended(flight.gap, flight.written, reason, settings)
    return Parked(flight.gap, flight.written, reason, shown, flight.known)


def _whole_lines(text: str) -> str:
    """`text` up to its last line end, if that leaves more than blanks."""
    whole = text.rpartition("\n")[0]
    return whole if whole.strip() else ""


async def _first(growth: Awaitable[object], late: asyncio.Future[None] | None) -> None:
    """Wait for either."""
    grown = asyncio.ensure_future(growth)
    try:
        await asyncio.wait((grown,) if late is None else (grown, late), return_when=asyncio.FIRST_COMPLETED)
    finally:
        grown.cancel()
