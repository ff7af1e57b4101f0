"""An engine of next edits that a test writes: what it proposes, and when."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from mellum_ls.context.edits.types import Proposal, ProposalKind, Span
from mellum_ls.lsp_server.next_edits.situation import Situation

Script = Callable[[Situation], Sequence[Proposal]]


class ScriptedEngine:
    """Proposes `script(situation)`; while `gate` is closed it is silent. Remembers what it was given."""

    def __init__(self, script: Script, gate: asyncio.Event | None = None) -> None:
        self.script = script
        self.gate = gate
        self.asked: list[Situation] = []
        self.cancelled = 0

    async def propose(self, situation: Situation) -> Sequence[Proposal]:
        self.asked.append(situation)
        try:
            if self.gate is not None:
                await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return self.script(situation)


def each_use(old: str, new: str, path: str = "", kind: ProposalKind = "rename") -> Script:
    """Every `old` in the text, first the first, is to be `new`; in another file the first line is taken for it."""

    def script(situation: Situation) -> list[Proposal]:
        if path:
            return [Proposal(path, Span(0, 0, 0, len(old)), old, new, kind, f"rename of {old} to {new}", 1.0)]
        found = []
        for line, text in enumerate(situation.text.split("\n")):
            if (column := text.find(old)) >= 0:
                span = Span(line, column, line, column + len(old))
                found.append(Proposal(situation.path, span, old, new, kind, f"rename of {old} to {new}", 1.0))
        return found

    return script
