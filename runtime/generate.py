"""Prefill and greedy decoding: which ids follow a prompt, in steps short enough to be interrupted between.

Knows ids and a session's cache; text and stop rules are the engine's, and so is what happens between the steps.
"""

import time
from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

import torch
from torch import Tensor

from mellum_ls.runtime.cache.sessions import Session
from mellum_ls.runtime.errors import RequestError
from mellum_ls.runtime.model import Model
from mellum_ls.runtime.stopping import StopKind

# A CPU's chunk is bounded by time; a GPU's by what its kernels are made for. Chunks of a CPU that are shorter than
# the least would spend more on reading the weights than on the tokens.
CPU_CHUNK_SECONDS = 0.02
GPU_CHUNK = 512
FIRST_CHUNK, LEAST_CHUNK = 32, 8

T = TypeVar("T")

Reason = Literal["stop", "line", "block", "echo", "loop", "length", "cancelled", "warm"]


@dataclass(frozen=True, slots=True)
class GenerationParams:
    """How far to generate. Decoding is greedy."""

    max_tokens: int = 64
    stop: StopKind = "line"
    """line: end at the first line end; block: end with the block at the cursor; none: only at the budget.

    Either of the first two ends at an echo of the text behind the cursor and at a loop, too.
    """
    warm_up: bool = False
    """Compute the prompt and nothing more, so that the next request finds it cached."""
    ahead: bool = False
    """Nobody waits for the answer yet: counted apart from those that somebody asked for."""
    rank: int = 0
    """Begin with the likeliest first token (0), the second likeliest (1) and so on, then go on greedily; see healing.

    A rank that nothing is left for is an empty completion.
    """

    def __post_init__(self) -> None:
        if self.max_tokens < 1:
            raise RequestError(f"max_tokens is {self.max_tokens}, wanted at least 1")
        if self.stop not in ("line", "block", "none"):
            raise RequestError(f"stop is {self.stop!r}, wanted 'line', 'block' or 'none'")
        if self.rank < 0:
            raise RequestError(f"rank is {self.rank}, wanted 0 or more")


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
    """stop: the model ended it, or had nothing of that rank; line, block: the stop rule; echo: it began to repeat the
    text behind the cursor; loop: it began to repeat itself; length: the budget; cancelled: the caller; warm: only the
    prompt was wanted."""
    prompt_tokens: int
    computed_tokens: int
    """Prompt tokens that were not in the cache."""
    generated_tokens: int
    first_token_s: float
    """From the request to the first generated id, in seconds; 0 if there was none."""
    total_s: float


class Pace:
    """How many prompt tokens make one chunk: as many as the processor computes in `seconds`, no more than `most`.

    A chunk is the longest work that a cancelled request still costs, and that a more urgent one waits for.
    """

    def __init__(self, seconds: float, most: int, clock: Callable[[], float]) -> None:
        self._seconds, self._most, self._clock = seconds, most, clock
        self._chunk = min(most, FIRST_CHUNK)

    @classmethod
    def of(cls, device: torch.device, clock: Callable[[], float] | None = None) -> "Pace":
        """The pace that suits a device: a GPU is always fast enough for its largest chunk.

        A CPU's time is that of this thread alone where the system counts it finely: a chunk that was interrupted by
        other processes is no reason for smaller ones, which would make the wait longer still.
        """
        clock = clock or (time.thread_time if _counts_thread_time() else time.perf_counter)
        if device.type == "cuda":
            pace = cls(float("inf"), GPU_CHUNK, clock)
            pace._chunk = GPU_CHUNK
            return pace
        return cls(CPU_CHUNK_SECONDS, GPU_CHUNK, clock)

    @property
    def chunk(self) -> int:
        """Tokens of the next chunk."""
        return self._chunk

    def time(self, count: int, compute: Callable[[], T]) -> T:
        """Run `compute`, which computes `count` tokens, and learn from how long it took."""
        started = self._clock()
        result = compute()
        took = self._clock() - started
        # A pass has a fixed cost, half of a short one: the rest of a prompt, short of a full chunk, says of a full one
        # only that it takes longer. A few tokens say nothing.
        if count >= self._chunk or (count >= LEAST_CHUNK and took > self._seconds):
            # Half of the way only: one interruption by another process is no change of pace. Down at once, though.
            fitting = count * self._seconds / took if took > 0 else float(self._most)
            wanted = min(fitting, (self._chunk + fitting) / 2, 2.0 * self._chunk)
            self._chunk = int(max(LEAST_CHUNK, min(self._most, wanted)))
        return result


def _counts_thread_time() -> bool:
    """Whether the processor time of a thread is known to a tenth of a chunk; on Windows it is not."""
    try:
        return time.get_clock_info("thread_time").resolution <= CPU_CHUNK_SECONDS / 10
    except ValueError:
        return False


def prefill(
    model: Model, session: Session, ids: Sequence[int], pace: Pace, drafts: Sequence[int] = ()
) -> Generator[None, None, Tensor]:
    """Compute `ids`, which follow those of the session; yields between chunks, returns the last hidden state [1, H].

    With `drafts` behind them their states come too, [1 + drafts, H], and the session holds them. Whoever stops in
    between finds in the session what was computed so far.
    """
    assert ids, "there is always at least one token to compute"
    done = 0
    while True:
        part = ids[done : done + pace.chunk]
        done += len(part)
        if done == len(ids):
            part = [*part, *drafts]

        def compute(part: Sequence[int] = part, coming: int = len(ids) - done) -> Tensor:
            hidden = extend(model, session, part)
            session.keep_up(coming)
            return hidden

        hidden = pace.time(len(part), compute)
        if done == len(ids):
            return hidden[-1 - len(drafts) :]
        yield


def at_once(steps: Generator[None, None, T]) -> T:
    """Run all steps and return what they return."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]


def extend(model: Model, session: Session, ids: Sequence[int]) -> Tensor:
    """Compute these ids in one pass, record them in the session, and return their hidden states [T, H]."""
    hidden = model.forward(torch.tensor(ids, dtype=torch.int64), session.cache)
    session.extended(hidden, ids)
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
    choose: Callable[[Tensor], int | None] | None = None,
) -> Iterator[int]:
    """Yield the id that `choose` takes after `hidden` [1, H], then after that, until a stop id, None or the budget.

    It takes scores [V]; without it the likeliest id is taken each time.
    The stop id itself is yielded, so that the caller can tell it from the budget. An id enters the session only when
    the next one is asked for: the last one never costs a pass.
    """
    for remaining in range(max_tokens - 1, -1, -1):
        token = model.likeliest(hidden)[0] if choose is None else choose(model.logits(hidden)[0])
        if token is None:
            return
        yield token
        if token in stop_ids or not remaining:
            return
        hidden = extend(model, session, [token])
