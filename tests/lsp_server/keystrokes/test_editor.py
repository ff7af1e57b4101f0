import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from mellum_ls.lsp_server.demo.client import LspClient
from mellum_ls.lsp_server.keystrokes.editor import Editor
from mellum_ls.lsp_server.keystrokes.script import Change, Move, Open
from mellum_ls.lsp_server.keystrokes.tally import Call
from mellum_ls.lsp_server.keystrokes.utf16_text import Replacement

SCRIPTED = (sys.executable, "-P", str(Path(__file__).parents[2] / "fakes" / "scripted_server.py"))
ROOT = Path("/work")


def with_editor(test: Callable[[Editor, LspClient], Awaitable[None]], answer: str) -> dict[str, Any]:
    """Run `test` with an editor on the real server, whose model says `answer`; the server's capabilities."""

    async def run() -> dict[str, Any]:
        client = await LspClient.start([*SCRIPTED, answer])
        try:
            capabilities = await client.initialize(ROOT.as_uri(), {})
            await test(Editor(client, ROOT, capabilities), client)
        finally:
            assert await client.close() == 0
        return capabilities

    return asyncio.run(run())


def test_edits_reach_the_server_and_a_suggestion_comes_with_its_cost() -> None:
    async def test(editor: Editor, _: LspClient) -> None:
        editor.open(Open("a.py", "🙂 = 1\r\ny = \r\n"))
        editor.change(Change("a.py", (Replacement(0, 2, "long"), Replacement(8, 9, "z")), None))
        assert editor.text("a.py") == "long = 1\r\nz = \r\n"
        assert await editor.complete("a.py", 14) == "one"
        call = Call.last(await editor.status())
        assert call is not None
        # The scripted model counts the characters that it was sent: the server's text is the editor's.
        assert call.computed_tokens == len("long = 1\nz = \n")
        assert (call.generated_tokens, call.reason) == (3, "stop")
        editor.open(Open("a.py", "w = "))
        assert editor.text("a.py") == "w = "
        await editor.complete("a.py", 4)
        again = Call.last(await editor.status())
        assert again is not None
        assert again.computed_tokens == 4

    with_editor(test, "one")


def test_no_suggestion_is_the_empty_text() -> None:
    async def test(editor: Editor, _: LspClient) -> None:
        editor.open(Open("a.py", "x = "))
        assert await editor.complete("a.py", 4) == ""

    with_editor(test, "")


def test_a_resting_caret_is_told_to_a_server_that_wants_to_know() -> None:
    async def test(editor: Editor, _: LspClient) -> None:
        assert editor.tells_moves
        editor.open(Open("a.py", "x = 1\n"))
        assert not editor.move(Move("not-open.py", 0, 0))
        assert editor.move(Move("a.py", 4, 4))
        while (await editor.status())["warmUps"] == 0:
            pass  # it reads ahead once the caret has rested

    with_editor(test, "")


@pytest.mark.parametrize("capabilities", [{}, {"experimental": None}, {"experimental": {"mellum": {}}}])
def test_a_server_that_does_not_is_left_alone(capabilities: dict[str, Any]) -> None:
    async def test(editor: Editor, client: LspClient) -> None:
        silent = Editor(client, ROOT, capabilities)
        silent.open(Open("a.py", ""))
        assert not silent.move(Move("a.py", 0, 0))

    with_editor(test, "")
