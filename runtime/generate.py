"""Prefill and greedy decoding: which ids follow a prompt. Looks at the cancel flag before every step and chunk.

Knows ids and the cache; text, stop rules and sessions are the engine's.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from mellum_ls.runtime.errors import RequestError
from mellum_ls.runtime.kv_cache import Session
from mellum_ls.runtime.model import Model
from mellum_ls.runtime.stopping import StopKind

# A chunk is the longest work that a cancelled request still costs.
PREFILL_CHUNK = 256

Reason = Literal["stop", "line", "block", "echo", "loop", "length", "cancelled"]


@dataclass(frozen=True, slots=True)
class GenerationParams:
    """How far to generate. Decoding is greedy."""

    max_tokens: int = 64
    stop: StopKind = "line"
    """line: end at the first line end; block: end with the block at the cursor; none: only at the budget.

    Of the first two, either ends at an echo of the text behind the cursor and at a loop, too."""

    def __post_init__(self) -> None:
        if self.max_tokens < 1:
            raise RequestError(f"max_tokens is {self.max_tokens}, wanted at least 1")
        if self.stop not in ("line", "block", "none"):
            raise RequestError(f"stop is {self.stop!r}, wanted 'line', 'block' or 'none'")


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a completion as it grows: text that is safe to show, and the ids that brought it."""

    text: str
    token_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """A finished completion and what it cost."""

    text: str
    reason: Reason
    """stop: the model ended it; line, block, echo, loop: a stop rule; length: the budget; cancelled: the caller."""
    prompt_tokens: int
    computed_tokens: int
    """Prompt tokens that were not in the cache."""
    generated_tokens: int
    first_token_s: float
    """From the request to the first generated id, in seconds; 0 if there was none."""
    total_s: float


def prefill(
    model: Model,
    session: Session,
    ids: Sequence[int],
    cancelled: Callable[[], bool],
    *,
    chunk: int = PREFILL_CHUNK,
) -> Tensor | None:
    """Compute `ids`, which follow those of the session; return the last hidden state [1, H], None if cancelled.

    What was computed before a cancel stays in the session.
    """
    assert ids, "there is always at least one token to compute"
    hidden = None
    for start in range(0, len(ids), chunk):
        if cancelled():
            return None
        part = ids[start : start + chunk]
        hidden = extend(model, session, part)
    assert hidden is not None
    return hidden[-1:]


def extend(model: Model, session: Session, ids: Sequence[int]) -> Tensor:
    """Compute these ids in one pass, record them in the session, and return their hidden states [T, H]."""
    hidden = model.forward(torch.tensor(ids, dtype=torch.int64, device=model.device), session.cache)
    session.ids.extend(ids)
    return hidden


def likeliest(logits: Tensor) -> int:
    """The id of the highest of the scores [V]."""
    return int(logits.argmax())


def greedy(
    model: Model,
    session: Session,
    hidden: Tensor,
    max_tokens: int,
    stop_ids: Collection[int],
    cancelled: Callable[[], bool],
    choose: Callable[[Tensor], int] = likeliest,
) -> Iterator[int]:
    """Yield the id that `choose` takes after `hidden` [1, H], then after that, until a stop id, the budget or a cancel.

    The stop id itself is yielded, so that the caller can tell it from the budget. An id enters the session only when
    the next one is asked for: the last one never costs a pass.
    """
    if cancelled():
        return
    for remaining in range(max_tokens - 1, -1, -1):
        token = choose(model.logits(hidden)[0])
        yield token
        if token in stop_ids or not remaining or cancelled():
            return
        hidden = extend(model, session, [token])
