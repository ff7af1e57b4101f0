"""A change the user made and a change that is proposed. Plain data; knows neither documents nor the protocol.

Paths are relative to the workspace folder, with slashes. Lines count from 0, columns are string indexes (characters,
not UTF-16 units), and line ends within texts are `\\n`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ProposalKind = Literal["rename", "call_site", "import", "parameter", "model"]
"""What a proposal does: another use of a renamed name, a call of a changed function, an import line, a parameter of
another definition, or whatever the model wrote."""


@dataclass(frozen=True, slots=True)
class Hunk:
    """Some lines that the user replaced by others."""

    path: str
    start_line: int
    """Where `new` stands in the text as it is now."""
    old: tuple[str, ...]
    """The lines before, without their ends; empty where lines were only added."""
    new: tuple[str, ...]
    at: float
    """When its last edit was made, in seconds of the caller's clock."""


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a text; the end is excluded."""

    start_line: int
    start_column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Proposal:
    """One edit: in `path`, replace what stands in `span` (`old`) by `new`."""

    path: str
    span: Span
    old: str
    new: str
    kind: ProposalKind
    reason: str
    """Words for the status, with names but no other source text: `rename of area to surface`."""
    score: float
    """Between 0 and 1; comparable among the proposals of one answer only."""
