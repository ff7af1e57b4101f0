import asyncio
import itertools
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from mellum_ls.lsp_server.demo.client import LspClient
from mellum_ls.lsp_server.demo.editor import Editor, Ghost

SCRIPTED = (sys.executable, "-P", str(Path(__file__).parents[2] / "fakes" / "scripted_server.py"))


def with_editor(test: Callable[[Editor], Awaitable[None]], *arguments: str) -> None:
    """Run `test` with an editor on the real server, whose model is scripted; each look at the clock is a second."""

    async def run() -> None:
        client = await LspClient.start([*SCRIPTED, *arguments])
        try:
            await client.initialize("file:///work", {"streaming": True})
            ticks = itertools.count(1)
            await test(Editor(client, Path("/work"), lambda: float(next(ticks))))
        finally:
            assert await client.close() == 0

    asyncio.run(run())


def test_ghost_text_grows_and_is_timed() -> None:
    async def test(editor: Editor) -> None:
        editor.open("a.py", "x = \ny = 2\n")
        editor.buffer.move(4)
        ghost = Ghost(0.0)
        seen: list[str] = []
        await editor.suggest(ghost, lambda: seen.append(ghost.text))
        assert seen == ["one", "one +", "one + two"]
        assert (ghost.text, ghost.first_s, ghost.total_s) == ("one + two", 1.0, 2.0)

    with_editor(test, "one + two")


def test_edits_reach_the_server() -> None:
    async def test(editor: Editor) -> None:
        editor.open("a.py", "x = 1 + 1\n")
        editor.buffer.move(4)
        editor.delete(5)
        editor.type("🙂(")
        editor.delete(0)
        ghost = Ghost(0.0)
        await editor.suggest(ghost, lambda: None)
        # The server puts it where the editor's cursor is only if both have the same text.
        assert ghost.text == "z)", "with the bracket that the line leaves open"
        editor.open("b.py", "")
        assert (await editor.status())["documents"] == 1

    with_editor(test, "z")


def test_no_suggestion_is_no_text_but_an_answer() -> None:
    async def test(editor: Editor) -> None:
        editor.open("a.py", "x = ")
        ghost = Ghost(0.0)
        await editor.suggest(ghost, lambda: pytest.fail("nothing was to be drawn"))
        assert (ghost.text, ghost.first_s, ghost.total_s) == ("", None, 1.0)

    with_editor(test, "")
