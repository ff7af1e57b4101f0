"""An edit of a text while it is being looked for, and which of several comes first. Knows places, not languages."""

from __future__ import annotations

from dataclasses import dataclass

from mellum_ls.context.edits.types import Proposal, ProposalKind, Span

NEAR = 12
"""Lines around the cursor that count as nearby."""


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace what stands there by `new`. Lines from 0, columns in characters."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    old: str
    new: str
    kind: ProposalKind
    reason: str


def applied(text: str, edit: Edit) -> str | None:
    """The text with an edit made; None where it does not stand there."""
    lines = text.split("\n", edit.line)
    if len(lines) <= edit.line:
        return None
    start = len(text) - len(lines[edit.line]) + edit.column
    if text[start : start + len(edit.old)] != edit.old:
        return None
    return text[:start] + edit.new + text[start + len(edit.old) :]


def distance(edit: Edit, path: str, line: int) -> tuple[int, int]:
    """How far an edit is from the cursor: first its class (line, nearby, below, above, elsewhere), then the lines."""
    if edit.path != path:
        return 4, 0
    if edit.line <= line <= edit.end_line:
        return 0, 0
    lines = edit.line - line if edit.line > line else line - edit.end_line
    if lines <= NEAR:
        # Of two as near, the one below is where the eyes go next.
        return 1, 2 * lines - (edit.line > line)
    return (2, lines) if edit.line > line else (3, lines)


def joined(edits: list[Edit], text: str) -> list[Edit]:
    """Edits of one line for the same reason as one edit. All are of the file `text`."""
    lines = text.split("\n")
    groups: dict[tuple[int, str], list[Edit]] = {}
    for edit in edits:
        place = (edit.line, edit.reason) if edit.line == edit.end_line else (edit.line, f"{edit.column}:{edit.reason}")
        groups.setdefault(place, []).append(edit)
    found = []
    for group in groups.values():
        group = sorted(set(group), key=lambda edit: edit.column)
        first, last = group[0], group[-1]
        if len(group) == 1:
            found.append(first)
            continue
        line, new, at = lines[first.line], "", first.column
        for edit in group:
            if edit.column < at:
                # Two want the same place; the first has it.
                continue
            new += line[at : edit.column] + edit.new
            at = edit.end_column
        old = line[first.column : at]
        found.append(Edit(first.path, first.line, first.column, last.line, at, old, new, first.kind, first.reason))
    return found


def proposal(edit: Edit, score: float) -> Proposal:
    """An edit as it is told to others."""
    span = Span(edit.line, edit.column, edit.end_line, edit.end_column)
    return Proposal(edit.path, span, edit.old, edit.new, edit.kind, edit.reason, round(score, 4))
