"""How suggestions fare and how long they take, counted per language in memory: numbers only, no text, no names.

What the events mean stands in offers.py, `rejected` among them. Whoever wants a record of each gives a `sink`;
nothing leaves the machine.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import get_args

from mellum_ls.lsp_server.model.backend import Usage
from mellum_ls.lsp_server.reports.offers import Event, Offer

UP_TO_MS = tuple(float(1 << power) for power in range(17))
"""The buckets of every histogram: times of at most so many milliseconds, 1 to 65,536; then one for all above."""
MAX_LANGUAGES = 32
"""Languages counted by name; clients choose the names, so what comes later counts as `other`."""
OTHER = "other"
_MAX_NAME = 40
_NAMES: dict[Event, str] = {
    "offered": "offered",
    "shown": "shown",
    "accepted": "accepted",
    "partially_accepted": "partiallyAccepted",
    "rejected": "rejected",
    "written": "written",
}

Record = Mapping[str, str | int | float]
Sink = Callable[[Record], None]


class Histogram:
    """Times in milliseconds, in the buckets of UP_TO_MS."""

    def __init__(self) -> None:
        self.counts = [0] * (len(UP_TO_MS) + 1)
        self.total = 0.0

    def add(self, milliseconds: float) -> None:
        """Count one time."""
        self.counts[bisect_left(UP_TO_MS, milliseconds)] += 1
        self.total += milliseconds

    def report(self) -> dict[str, object]:
        """The counts of the buckets, the last one for all that took longer, and the sum of the times."""
        return {"count": sum(self.counts), "sumMs": round(self.total, 3), "buckets": list(self.counts)}


@dataclass(slots=True)
class _Language:
    events: dict[Event, int] = field(default_factory=lambda: dict.fromkeys(get_args(Event), 0))
    first_text: Histogram = field(default_factory=Histogram)
    whole_answer: Histogram = field(default_factory=Histogram)


class Metrics:
    """The counts of one window. `clock` gives seconds since the epoch, for the records only."""

    def __init__(self, sink: Sink | None = None, clock: Callable[[], float] = time.time) -> None:
        self._sink = sink
        self._clock = clock
        self._languages: dict[str, _Language] = {}

    def happened(self, event: Event, offer: Offer) -> None:
        """Count an event of an offer; a listener of Offers."""
        language = self._named(offer.language_id)
        counts = self._languages[language].events
        counts[event] += 1
        if event == "accepted" and offer.fate in ("rejected", "written"):
            counts[offer.fate] -= 1  # the client told late what had become of it
        self._record(_NAMES[event], language, id=offer.id, characters=len(offer.text), lines=1 + offer.text.count("\n"))

    def answered(self, language_id: str, whole_ms: float, usage: Usage | None) -> None:
        """Count a request that got a suggestion, after `whole_ms` and at the model's cost `usage`.

        What the model took after its first token counts as what came after the first text. An answer that cost the
        model nothing is there at once.
        """
        language = self._named(language_id)
        times = self._languages[language]
        first_ms = whole_ms if usage is None else max(0.0, whole_ms - (usage.total_ms - usage.first_token_ms))
        times.first_text.add(first_ms)
        times.whole_answer.add(whole_ms)
        self._record("answered", language, firstTextMs=round(first_ms, 3), wholeAnswerMs=round(whole_ms, 3))

    def report(self) -> dict[str, object]:
        """Counts and histograms per language; `upToMs` names the buckets."""
        languages = {
            name: {
                **{_NAMES[event]: count for event, count in language.events.items()},
                "firstTextMs": language.first_text.report(),
                "wholeAnswerMs": language.whole_answer.report(),
            }
            for name, language in self._languages.items()
        }
        return {"upToMs": list(UP_TO_MS), "languages": languages}

    def _named(self, language_id: str) -> str:
        """The name that a language is counted by, which has its counts from now on."""
        known = language_id in self._languages
        usable = known or (0 < len(language_id) <= _MAX_NAME and len(self._languages) < MAX_LANGUAGES)
        name = language_id if usable else OTHER
        self._languages.setdefault(name, _Language())
        return name

    def _record(self, event: str, language: str, **figures: str | int | float) -> None:
        if self._sink is not None:
            self._sink({"time": round(self._clock(), 3), "event": event, "language": language, **figures})
