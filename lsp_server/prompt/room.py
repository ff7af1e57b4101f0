"""How many characters of each kind a prompt may have, by what the model was seen to read in a second.

A budget that moved with every measurement would move the windows, and with them all that the model has read: it
changes only when nobody waits, and only when the speed is another by far.
"""

from __future__ import annotations

from dataclasses import replace

from mellum_ls.context.selection.budget import budgets
from mellum_ls.lsp_server.model.backend import Query, Usage
from mellum_ls.lsp_server.settings.fields import Settings

FIRST_TOKENS_PER_SECOND = 400.0
"""Taken for the speed until it is known: two cores with the embedded model."""
FIRST_CHARS_PER_TOKEN = 3.0
LEAST_TELLING = 192
"""So many tokens must have been computed for the time to say something about the speed."""
LEAST_CHANGE = 1.5
"""A budget stays until the speed has changed by this factor."""
WINDOW_TOKENS = 131_072


class Room:
    """The measured model. Starts with a guess on the slow side."""

    def __init__(self) -> None:
        self.tokens_per_second = FIRST_TOKENS_PER_SECOND
        self.chars_per_token = FIRST_CHARS_PER_TOKEN
        self._measured = False
        self._used = (FIRST_TOKENS_PER_SECOND, FIRST_CHARS_PER_TOKEN)

    def note(self, query: Query, usage: Usage) -> None:
        """What an answer to `query` cost. One that mostly came from the cache says nothing about the speed."""
        chars = len(query.prefix) + len(query.suffix) + sum(len(path) + len(text) for path, text in query.context)
        if usage.prompt_tokens >= LEAST_TELLING:
            self.chars_per_token = _towards(self.chars_per_token, max(1.0, chars / usage.prompt_tokens))
        if usage.computed_tokens >= LEAST_TELLING and usage.first_token_ms > 0:
            # A first token waits for more than the prompt, so this is the least that the speed can be.
            self.measure(1000 * usage.computed_tokens / usage.first_token_ms)

    def measure(self, tokens_per_second: float) -> None:
        """The model has read at that speed."""
        if tokens_per_second <= 0:
            return
        # The first measurement takes the place of a guess.
        known = self.tokens_per_second if self._measured else tokens_per_second
        self.tokens_per_second = _towards(known, tokens_per_second)
        self._measured = True

    def settle(self) -> bool:
        """Nobody waits: go over to what is known by now if it is another by far; whether it was."""
        now = (self.tokens_per_second, self.chars_per_token)
        changed = any(not 1 / LEAST_CHANGE < new / old < LEAST_CHANGE for new, old in zip(now, self._used, strict=True))
        if changed:
            self._used = now
        return changed

    def narrowed(self, settings: Settings) -> Settings:
        """`settings` with no more characters of each kind than the model reads cold within `promptSeconds`."""
        speed, chars_per_token = self._used
        found = budgets(speed, settings.prompt_seconds, chars_per_token, WINDOW_TOKENS)
        return replace(
            settings,
            prefix_chars=min(found.prefix, settings.prefix_chars),
            suffix_chars=min(found.suffix, settings.suffix_chars),
            # What is close to the cursor in time is at the end of the context, not between suffix and prefix.
            context_chars=min(found.stable + found.volatile, settings.context_chars),
        )


def _towards(known: float, new: float) -> float:
    """Half of the way: one slow answer on a busy machine is no slower machine."""
    return (known + new) / 2
