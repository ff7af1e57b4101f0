"""The engine that has a model write the lines around the cursor anew, in the light of what was changed before.

The prompt is that of any completion with the lines taken out; the recent changes, each as original and updated text,
and the lines as they are stand in front. What the model writes takes the lines' place.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace

from mellum_ls.context.edits.types import Hunk, Proposal
from mellum_ls.lsp_server.answers.completer import Gap
from mellum_ls.lsp_server.documents.store import Document, Place
from mellum_ls.lsp_server.model.backend import BackendUnavailable, Done, Query, Stream
from mellum_ls.lsp_server.next_edits.situation import Situation
from mellum_ls.lsp_server.prompt.secrets import without_secrets
from mellum_ls.lsp_server.prompt.windows import model_text
from mellum_ls.lsp_server.rewriting.minimal import Change, changes

LINES_ABOVE, LINES_BELOW = 3, 8
MOST_REGION_CHARS = 2_000
MOST_HUNKS = 6
CHANGES = "recent-changes"
"""The name under which the changes stand among the files of the prompt."""
_SPARE_TOKENS = 32
_MOST_TOKENS = 512
# Reasons of a model to end that leave a text whole.
_WHOLE = ("stop", "echo")

QueryAt = Callable[[Gap], Awaitable[Query]]


class ModelEngine:
    """An Engine. `query_at` says what a completion at a gap would ask, `ask` asks it."""

    def __init__(self, query_at: QueryAt, ask: Callable[[Query], Stream]) -> None:
        self._query_at = query_at
        self._ask = ask

    async def propose(self, situation: Situation) -> Sequence[Proposal]:
        """See Engine. Raises BackendUnavailable."""
        first, last = region(situation)
        lines = situation.text.split("\n")
        old = "\n".join(lines[first : last + 1])
        # With a placeholder before it the model would write the placeholder into the user's text.
        if not old.strip() or len(old) > MOST_REGION_CHARS or without_secrets(old) != old:
            return ()
        query = await self._query(situation, first, last, old)
        new = await self._written(query)
        if new is None:
            return ()
        return [
            Proposal(situation.path, change.span, change.old, change.new, "model", "what the model would change", 0.5)
            for change in _nearest_first(changes(old, new.removesuffix("\n"), first, apart=2), situation.snapshot.line)
        ]

    async def _query(self, situation: Situation, first: int, last: int, old: str) -> Query:
        snapshot = situation.snapshot
        document = Document(snapshot.uri, snapshot.language_id, None, snapshot.lines, snapshot.revision)
        # To the end of the last line, beyond any column: its line end stays behind the gap.
        gap = Gap.of(document.snapshot(Place(first, 0), Place(last, MOST_REGION_CHARS * 2)), None)
        query = await self._query_at(gap)
        text = blocks(situation.log.hunks(MOST_HUNKS), situation.path, old)
        return replace(
            query,
            session=f"{query.session}#next-edit",
            context=(*query.context, (CHANGES, text)),
            max_tokens=min(_MOST_TOKENS, len(old) // 2 + _SPARE_TOKENS),
            stop="none",
            priority="next_edit",
        )

    async def _written(self, query: Query) -> str | None:
        """The model's whole text; None where it did not come to an end of its own."""
        async with aclosing(self._ask(query)) as items:
            async for item in items:
                if isinstance(item, Done):
                    return model_text(item.text) if item.reason in _WHOLE else None
        raise BackendUnavailable("the model broke off in the middle of its answer")


def region(situation: Situation) -> tuple[int, int]:
    """First and last of the lines that are written anew: those around the cursor, without blank ones at their ends."""
    lines, line = situation.snapshot.lines, situation.snapshot.line
    first, last = max(0, line - LINES_ABOVE), min(len(lines) - 1, line + LINES_BELOW)
    while first < line and not lines[first].strip():
        first += 1
    while last > line and not lines[last].strip():
        last -= 1
    return first, last


def blocks(hunks: Sequence[Hunk], path: str, old: str) -> str:
    """The changes in words that a model of code understands, the oldest first, and last the text that is to change."""
    told = [
        f"{hunk.path}\n<original>\n{_lines(hunk.old)}</original>\n<updated>\n{_lines(hunk.new)}</updated>\n"
        for hunk in reversed(hunks)
    ]
    return without_secrets(model_text("".join([*told, f"{path}\n<original>\n{old}\n</original>\n"])))


def _lines(lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _nearest_first(found: Sequence[Change], line: int) -> list[Change]:
    return sorted(found, key=lambda change: abs(change.span.start_line - line))
