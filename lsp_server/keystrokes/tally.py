"""What came of each request, and what the server's status says of its cost. Knows neither editor nor output."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Status = Mapping[str, Any]
# A caret in a text in a file: what a prompt is made of, settings and other files being the same.
State = tuple[str, str, int]


class NoUsage(Exception):
    """The server does not tell what its requests cost, so there is nothing to measure."""


@dataclass(frozen=True, slots=True)
class Call:
    """What one request cost the model. Times in milliseconds, from when the model process had it."""

    prompt_tokens: int
    computed_tokens: int
    generated_tokens: int
    first_token_ms: float
    """0 when nothing was generated."""
    total_ms: float
    reason: str

    @property
    def finished(self) -> bool:
        """Whether it ran to its end: one that was stopped has computed a part of its prompt only."""
        return self.reason not in ("cancelled", "superseded")

    @classmethod
    def last(cls, status: Status) -> Call | None:
        """The server's last one; None when there was none, or the model was not asked. Raises NoUsage."""
        if "lastRequest" not in status:
            raise NoUsage("the server's status has no lastRequest: it is older than this benchmark")
        told = status["lastRequest"]
        if not told or told["promptTokens"] is None:
            return None
        return cls(
            prompt_tokens=int(told["promptTokens"]),
            computed_tokens=int(told["computedTokens"]),
            generated_tokens=int(told["generatedTokens"]),
            first_token_ms=float(told["firstTokenMs"]),
            total_ms=float(told["totalMs"]),
            reason=str(told["reason"]),
        )


@dataclass(slots=True)
class Asked:
    """One request for a completion."""

    state: State
    seconds: float | None = None
    """From the request to its answer, as the editor saw it; None when an error came."""
    text: str = ""
    """The suggestion; empty for none."""
    watched: bool = False
    """Whether the answer was waited for, and the cost looked up, before the next key."""
    call: Call | None = None
    """What it cost, if it was watched; None where the model was not asked."""
    overtaken: bool = False
    """Whether the next key came before the answer."""


@dataclass(slots=True)
class Tally:
    """All requests, and all that was seen of the model's work."""

    asked: list[Asked] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    errors: int = 0
    rss_mb: float | None = None
    """The most memory that the model process was seen with."""
    moves: int = 0
    """Caret moves that the server was told of."""
    status: Status = field(default_factory=dict)
    """The last one."""
    _last: Call | None = None

    def see(self, status: Status, *, after_answer: bool = False) -> Call | None:
        """Take a status; the call that is new in it, if one is. Raises NoUsage.

        `after_answer`: nothing but one request has ended since the last status, so what is told is of that one.
        """
        self.status = status
        rss = (status.get("runtime") or {}).get("rss_mb")
        if isinstance(rss, int | float):
            self.rss_mb = max(rss, self.rss_mb or 0.0)
        call = Call.last(status)
        # Otherwise one that is equal to the last is the same: no two calls take the same time to the last digit.
        if call is None or (call == self._last and not after_answer):
            return None
        self._last = call
        self.calls.append(call)
        return call

    @property
    def warm_ups(self) -> int:
        """How often the server has had the model read ahead, as last seen."""
        return int(self.status.get("warmUps") or 0)

    def engine(self, name: str) -> int | None:
        """A counter of the model's own, as last seen; None where it keeps none."""
        value = ((self.status.get("runtime") or {}).get("engine") or {}).get(name)
        return value if isinstance(value, int) else None


def is_idle(status: Status) -> bool:
    """Whether neither the server nor the model process has anything to do."""
    runtime = status.get("runtime") or {}
    queued = runtime.get("queued") or 0
    waiting = sum(queued.values()) if isinstance(queued, Mapping) else queued
    return not (status.get("active") or runtime.get("active") or waiting)


@dataclass(frozen=True, slots=True)
class Equality:
    """States that were met again, compared with the first meeting; only requests that ran to their end count.

    `prompts`: of these, how many had a prompt of as many tokens. `kept`: of those, how many had no more than one
    token computed. `answers`: how many of `prompts` brought the same text.
    """

    states: int
    prompts: int
    kept: int
    answers: int


def equality(asked: Iterable[Asked]) -> Equality:
    """Compare equal states with one another."""
    first: dict[State, tuple[Call, str]] = {}
    states = prompts = kept = answers = 0
    for one in asked:
        if one.call is None or not one.call.finished:
            continue
        if one.state not in first:
            first[one.state] = one.call, one.text
            continue
        call, text = first[one.state]
        states += 1
        if one.call.prompt_tokens == call.prompt_tokens:
            prompts += 1
            kept += one.call.computed_tokens <= 1
            answers += one.text == text
    return Equality(states, prompts, kept, answers)
