"""The symbolic engine as the server asks it."""

import asyncio
from collections.abc import Callable
from typing import Any

from mellum_ls.context.edits.history import EditLog
from mellum_ls.lsp_server.documents.lines import Lines
from mellum_ls.lsp_server.documents.store import Document, Place, split_lines
from mellum_ls.lsp_server.next_edits.situation import Situation
from mellum_ls.lsp_server.next_edits.symbolic_engine import SymbolicEngine

BEFORE = "def area(width):\n    return width\n\n\nprint(area(1))\n"
AFTER = BEFORE.replace("def area", "def surface")


def test_a_renamed_function_is_renamed_where_it_is_called() -> None:
    async def run() -> None:
        log = EditLog()
        log.note("a.py", BEFORE, AFTER, 1.0)
        document = Document("file:///p/a.py", "python", 1, Lines(split_lines(AFTER)))
        situation = Situation(document.snapshot(Place(0, 11)), "a.py", AFTER, log, {"a.py": AFTER})
        ran = 0

        async def in_thread(work: Callable[[], Any]) -> Any:
            nonlocal ran
            ran += 1
            return await asyncio.to_thread(work)

        [proposal, *_] = await SymbolicEngine(in_thread).propose(situation)
        assert (proposal.span.start_line, proposal.old, proposal.new) == (4, "area", "surface")
        assert ran == 1

    asyncio.run(run())
