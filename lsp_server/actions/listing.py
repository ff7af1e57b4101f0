"""Which actions there are at a place: decided at once, from the client's words and the text there, without a model."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mellum_ls.context.languages.parsed import Parsed
from mellum_ls.lsp_server.actions.kinds import DOCUMENT, EXPLAIN, FIX, KINDS, REFACTOR, TESTS, Kind, asked_for
from mellum_ls.lsp_server.actions.new_test_file import new_test_file
from mellum_ls.lsp_server.actions.region import region_of
from mellum_ls.lsp_server.actions.wanted import Problem, Wanted
from mellum_ls.lsp_server.wire.abilities import Abilities

MOST_FIXES = 5
MOST_TITLE = 60
# A comment that says what to do: the words behind the mark are the instruction.
_ORDER = re.compile(
    r"^\s*(?:#|//|--|;|/\*|<!--)\s*(?:mellum|todo|fixme)\b[\s:,-]*(\S.*?)\s*(?:\*/|-->)?\s*$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Listed:
    """One action as it is shown."""

    title: str
    wanted: Wanted
    problem: int | None = None
    """Which of the problems it is for."""


def possible_kinds(abilities: Abilities) -> tuple[Kind, ...]:
    """The kinds whose results this client can get."""
    edits = (abilities.resolves_edits and abilities.takes_actions) or abilities.applies_edits
    can = {
        FIX: edits,
        DOCUMENT: edits,
        REFACTOR: edits,
        TESTS: edits and abilities.creates_files,
        EXPLAIN: abilities.shows_documents,
    }
    return tuple(kind for kind in KINDS if can[kind])


def actions_at(
    uri: str,
    path: str,
    revision: int,
    span: tuple[int, int],
    problems: Sequence[Problem | None],
    parsed: Parsed,
    kinds: Sequence[Kind],
    only: tuple[str, ...] = (),
) -> list[Listed]:
    """The actions for the lines `span`, both part of it, and for the client's `problems` (None: it says nothing)."""
    first, last = span
    wanted_kinds = [kind for kind in kinds if asked_for(kind, only)]
    found: list[Listed] = []
    if FIX in wanted_kinds:
        for number, problem in enumerate(problems):
            if problem is not None and len(found) < MOST_FIXES:
                wanted = Wanted(FIX, uri, problem.line, problem.line, revision, (problem,))
                found.append(Listed(f"Fix: {_short(problem.message)}", wanted, number))
    lines = parsed.text.split("\n")
    order = _ORDER.match(lines[first]) if first < len(lines) else None
    if REFACTOR in wanted_kinds and order:
        # With nothing selected the order is for the symbol around it, or the one right below.
        region = region_of(DOCUMENT, first, first, parsed) or region_of(DOCUMENT, first + 1, first + 1, parsed)
        begin, end = (first, last) if last > first or region is None else (min(first, region.first), region.last)
        wanted = Wanted(REFACTOR, uri, begin, end, revision, instruction=order[1])
        found.append(Listed(f"Do what the comment says: {_short(order[1])}", wanted))
    named = region_of(DOCUMENT, first, last, parsed)
    if named is not None:
        if DOCUMENT in wanted_kinds:
            found.append(Listed(f"Document {named.symbol}", Wanted(DOCUMENT, uri, first, last, revision)))
        if TESTS in wanted_kinds and new_test_file(path):
            found.append(Listed(f"Write tests for {named.symbol}", Wanted(TESTS, uri, first, last, revision)))
    if EXPLAIN in wanted_kinds and region_of(EXPLAIN, first, last, parsed) is not None and parsed.text.strip():
        title = f"Explain {named.symbol}" if first == last and named is not None else "Explain this code"
        found.append(Listed(title, Wanted(EXPLAIN, uri, first, last)))
    return found


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MOST_TITLE else line[: MOST_TITLE - 1] + "…"
