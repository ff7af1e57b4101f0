"""Which of the ids that a model writes in a conversation are thoughts, which nobody is shown. Knows ids alone."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Thoughts:
    """The state of one answer. With no ids for the beginning and the end of thoughts all is shown."""

    think_id: int | None
    end_of_think_id: int | None
    thinking: bool = False
    """Whether the answer begins in the middle of a thought, because its prompt ends so."""

    def hide(self, token: int) -> bool:
        """Take the next id; whether it is a thought, or the beginning or end of one."""
        if token == self.think_id:
            self.thinking = True
            return True
        if token == self.end_of_think_id:
            self.thinking = False
            return True
        return self.thinking
