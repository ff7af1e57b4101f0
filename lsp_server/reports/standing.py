"""How the server stands, in the words of a status line: a state machine from facts to one status. Sends nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

Kind = Literal["Normal", "Warning", "Error", "Inactive"]


@dataclass(frozen=True, slots=True)
class Facts:
    """What the status depends on."""

    inactive: str = ""
    """Why there are no suggestions where the user is, by the user's own will; empty when there may be."""
    computing: int = 0
    """Requests that are being answered."""
    loading: str = ""
    """What is being done to get the model ready; empty when nothing is."""
    failure: str = ""
    """Why the model is not available; empty as far as anyone knows it is."""
    passing: bool = False
    """Whether the failure may mend itself: it is tried again, without the user."""


@dataclass(frozen=True, slots=True)
class Status:
    """What a status line shows; `kind` in the words of Copilot's clients."""

    busy: bool = False
    kind: Kind = "Normal"
    message: str = ""


def status_of(facts: Facts) -> Status:
    """The status that the facts make: the user's own will before a failure, a failure before what is under way."""
    busy = facts.computing > 0 or bool(facts.loading)
    if facts.inactive:
        return Status(busy, "Inactive", facts.inactive)
    if facts.failure:
        return Status(busy, "Warning" if facts.passing else "Error", facts.failure)
    return Status(busy, "Normal", facts.loading)


class Standing:
    """The facts as they are now. `watchers` are called when any has changed, once `open` was called."""

    def __init__(self) -> None:
        self.facts = Facts()
        self.watchers: list[Callable[[], None]] = []
        self._open = False

    @property
    def status(self) -> Status:
        """The status now."""
        return status_of(self.facts)

    def open(self) -> None:
        """From now on there is somebody to tell."""
        self._open = True
        self._tell()

    def begin(self) -> None:
        """A request has come."""
        self._change(replace(self.facts, computing=self.facts.computing + 1))

    def end(self) -> None:
        """A request is over, one way or another."""
        self._change(replace(self.facts, computing=self.facts.computing - 1))

    def inactive(self, reason: str) -> None:
        """Why nothing is suggested where the user is; empty when something may be."""
        self._change(replace(self.facts, inactive=reason))

    def loading(self, what: str) -> None:
        """What is being done to get the model ready; empty when that is over."""
        self._change(replace(self.facts, loading=what))

    def failed(self, message: str, *, passing: bool) -> None:
        """The model is not available."""
        self._change(replace(self.facts, failure=message, passing=passing))

    def works(self) -> None:
        """The model has answered."""
        self._change(replace(self.facts, failure="", passing=False))

    def _change(self, facts: Facts) -> None:
        if facts != self.facts:
            self.facts = facts
            self._tell()

    def _tell(self) -> None:
        if self._open:
            for watcher in tuple(self.watchers):
                watcher()
