"""The engine that proves its edits: renames, call sites and imports, by syntax and index. Costs no model."""

from __future__ import annotations

from collections.abc import Sequence

from mellum_ls.context.edits.types import Proposal
from mellum_ls.lsp_server.next_edits.situation import InThread, Situation


class SymbolicEngine:
    """An Engine."""

    def __init__(self, in_thread: InThread) -> None:
        self._in_thread = in_thread

    async def propose(self, situation: Situation) -> Sequence[Proposal]:
        """See Engine."""
        found: Sequence[Proposal] = await self._in_thread(lambda: _propose(situation))
        return found


def _propose(situation: Situation) -> Sequence[Proposal]:
    # The parsers are loaded when they are first wanted, not at the start.
    from mellum_ls.context.edits.symbolic import propose

    return propose(
        situation.log,
        situation.path,
        situation.text,
        situation.snapshot.line,
        situation.snapshot.column,
        situation.texts,
        situation.index,
        situation.read,
    )
