"""How the requests of a window ended: counts, and for the last one why and at what cost. Keeps no text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from mellum_ls.lsp_server.model.backend import Usage

Ending = Literal["answered", "empty", "superseded", "cancelled", "failed"]
# answered: with a suggestion; superseded: a newer request or a change took its place; cancelled: by the client;
# failed: the model was not available, or the server has a fault.


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one request."""

    ending: Ending
    silence: str = ""
    """Why there is no suggestion, for the user; empty when there is one."""
    reason: str = ""
    """Why the model ended, in its own word; empty when it did not get that far."""
    usage: Usage | None = None
    """What the model says it cost; None when it was not asked, or not heard to the end."""


class Outcomes:
    """Counts each request once. What is said of the last request is said of the last that began and has ended."""

    def __init__(self) -> None:
        self.requests = 0
        self.warm_ups = 0
        """Prompts that were computed ahead, to the end."""
        self.last = Outcome("empty")
        self._last_number = 0
        self._counts: dict[str, int] = dict.fromkeys(get_args(Ending), 0)

    def begin(self) -> int:
        """A request has come; its number."""
        self.requests += 1
        return self.requests

    def end(self, number: int, outcome: Outcome) -> None:
        """The request of that number is over. An older one that ends late changes the counts only."""
        self._counts[outcome.ending] += 1
        if number > self._last_number:
            self._last_number, self.last = number, outcome

    def report(self) -> dict[str, object]:
        """The counts, and `lastRequest`, which is null before there was one and in whose figures null is unknown."""
        return {
            "requests": self.requests,
            **self._counts,
            "warmUps": self.warm_ups,
            "lastRequest": _cost(self.last) if self._last_number else None,
        }


def _cost(outcome: Outcome) -> dict[str, object]:
    usage = outcome.usage
    return {
        "promptTokens": None if usage is None else usage.prompt_tokens,
        "computedTokens": None if usage is None else usage.computed_tokens,
        "generatedTokens": None if usage is None else usage.generated_tokens,
        "firstTokenMs": None if usage is None else usage.first_token_ms,
        "totalMs": None if usage is None else usage.total_ms,
        "reason": outcome.reason or outcome.ending,
    }
