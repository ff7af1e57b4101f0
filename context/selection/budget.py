"""How many characters each kind of text may take, from what the model reads in the time that there is. Only numbers."""

from __future__ import annotations

from dataclasses import dataclass

LEAST_TOKENS = 2048
"""A prompt may have this much even where the machine is too slow for it: less is of no use."""
WINDOW_SHARE = 0.9
"""What of the model's window a prompt may take; the rest is for headers, what is written, and a wrong guess of
characters per token."""

_PREFIX, _SUFFIX, _VOLATILE = 0.35, 0.15, 0.15
# Beyond these a larger window goes to the repository: few files have more text near the cursor that matters.
_MOST_PREFIX, _MOST_SUFFIX, _MOST_VOLATILE = 8192, 3072, 2048


@dataclass(frozen=True, slots=True)
class Budgets:
    """Characters by kind of text."""

    prefix: int
    suffix: int
    stable: int
    """For other files, at the head of the prompt."""
    volatile: int
    """For what changes while one types, close to the cursor."""

    @property
    def total(self) -> int:
        """Characters in all."""
        return self.prefix + self.suffix + self.stable + self.volatile


def budgets(prefill_tokens_per_second: float, seconds: float, chars_per_token: float, model_window: int) -> Budgets:
    """Budgets for a prompt that the model reads in `seconds` when nothing of it is known yet.

    At least LEAST_TOKENS, at most WINDOW_SHARE of `model_window` (in tokens). All of it grows with each argument, and
    no kind shrinks when the whole grows. Raises ValueError for numbers that are not above 0.
    """
    if min(prefill_tokens_per_second, seconds, chars_per_token, model_window) <= 0:
        raise ValueError("speed, time, characters per token and window must be above 0")
    most = model_window * WINDOW_SHARE
    tokens = min(max(prefill_tokens_per_second * seconds, LEAST_TOKENS), most)
    prefix = min(tokens * _PREFIX, _MOST_PREFIX)
    suffix = min(tokens * _SUFFIX, _MOST_SUFFIX)
    volatile = min(tokens * _VOLATILE, _MOST_VOLATILE)
    stable = tokens - prefix - suffix - volatile
    return Budgets(*(int(part * chars_per_token) for part in (prefix, suffix, stable, volatile)))
