"""What the server needs from a model: the questions, the answers and what they cost. Knows no model."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol


class BackendUnavailable(Exception):
    """The model cannot answer now; the message says why and what helps.

    `passing`: it may mend itself, for it is tried again. `cause` is the part of the message that stays the same while
    the trouble does.
    """

    def __init__(self, message: str, *, passing: bool = False, cause: str = "") -> None:
        super().__init__(message)
        self.passing = passing
        self.cause = cause or message


@dataclass(frozen=True, slots=True)
class Query:
    """One request to a model. Texts have \\n line ends and no lone surrogates."""

    session: str
    """Requests of one session share their beginning; the model keeps its work for them."""
    prefix: str
    suffix: str
    path: str = ""
    """Repository-relative path of the file; empty when unknown."""
    context: tuple[tuple[str, str], ...] = ()
    """Path and text of other files, the most stable first."""
    max_tokens: int = 64
    stop: Literal["line", "block", "none"] = "line"
    rank: int = 0
    """0 asks for the likeliest answer; n for the one that begins with the n-th likeliest of the other first tokens.

    The answer is empty where there are not as many.
    """
    predicted: str = ""
    """Text that the answer may consist of, in whole or in parts. It changes how long the answer takes, nothing else."""
    priority: Literal["inline", "next_edit"] = "inline"
    """What somebody waits for who is not typing there gives way to what is asked for by typing."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A further bit of the answer, safe to show after those before it."""

    text: str


@dataclass(frozen=True, slots=True)
class Usage:
    """What an answer cost. `computed_tokens` leaves out those that the model had kept. Times in milliseconds."""

    prompt_tokens: int = 0
    computed_tokens: int = 0
    generated_tokens: int = 0
    first_token_ms: float = 0.0
    total_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Done:
    """The whole answer; always the last item of a stream."""

    text: str
    reason: str = "stop"
    """Why it ended; `length` when the budget cut it off."""
    usage: Usage = Usage()


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation; texts as in a Query."""

    role: Literal["system", "user", "assistant"]
    text: str


Stream = AsyncGenerator[Piece | Done, None]
"""An answer as it is written. Closing it, or cancelling its consumer, stops the model."""


@dataclass(frozen=True, slots=True)
class BackendStatus:
    """How a backend is: `state` is one of stopped, starting, ready, failed."""

    state: str
    model: str = ""
    last_error: str = ""
    details: dict[str, Any] | None = None
    """Figures of the model process, where there is one."""


class Backend(Protocol):
    """A source of completions. All of it runs on the server's event loop and must never block it."""

    async def warm(self) -> None:
        """Get ready to answer; failures show in `status` and at the next request, not here."""

    def complete(self, query: Query, *, ahead: bool = False) -> Stream:
        """Stream an answer. Closing the iterator, or cancelling its consumer, stops the model.

        With `ahead` nobody waits for it yet, and whatever somebody waits for goes first. Raises BackendUnavailable when
        the model cannot answer.
        """

    async def prefill(self, query: Query) -> bool:
        """Compute what an answer to `query` would begin with, and write nothing; whatever is more urgent goes first.

        False when something newer has ended it. Cancelling stops the model. Raises BackendUnavailable.
        """

    def chat(
        self,
        messages: Sequence[Message],
        *,
        session: str,
        max_tokens: int,
        priority: Literal["next_edit", "action"] = "action",
        predicted: str = "",
    ) -> Stream:
        """Stream the next turn of a conversation, without the model's thoughts; its ends are those of `complete`.

        A newer one of the same `session` ends an older one; `predicted` is as in a Query. Raises BackendUnavailable
        also where the model cannot chat.
        """

    async def why_no_chat(self) -> str:
        """Why the model cannot be talked to, now or at all, in a sentence; empty when it can. Starts nothing."""

    async def status(self) -> BackendStatus:
        """How things are, without starting anything."""

    async def close(self) -> None:
        """Let go of the model; a resident runtime goes on for other windows."""
