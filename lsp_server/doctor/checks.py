"""What the doctor finds: one check for each thing looked at, in groups that cannot break each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "note", "warning", "failure"]
"""`ok` works; a `note` is worth knowing; with a `warning` completions come, but slower, fewer or worse than they could;
after a `failure` something that was asked for does not work."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. No field holds source text."""

    name: str
    state: State
    says: str
    """What was found, in a sentence or a few figures."""
    remedy: str = ""
    """What to do; empty where there is nothing to do."""
    listed: tuple[str, ...] = ()
    """The single things that it is about, as far as they are named."""


@dataclass(frozen=True, slots=True)
class Group:
    """Checks that belong together, found by one function."""

    title: str
    find: Callable[[], Sequence[Check]]

    def checks(self) -> tuple[Check, ...]:
        """What the function finds; when it breaks, one failure that names the exception's type. Never raises."""
        try:
            return tuple(self.find())
        except Exception as error:  # noqa: BLE001 -- a doctor that falls ill finds nothing else any more
            says = f"could not be looked at: {type(error).__name__}"
            return (Check(self.title, "failure", says, "report this as a fault of mellum-ls"),)


def size(number: float) -> str:
    """Bytes in words, in units of 1000."""
    for unit, value in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if number >= value:
            return f"{number / value:,.1f} {unit}"
    return f"{number:.0f} bytes"
