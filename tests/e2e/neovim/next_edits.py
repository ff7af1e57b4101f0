"""What a user does in Neovim with next edits: rename a function, see, take, turn down. The server is the real one.

Each function is one such scene, given an empty folder and an environment; see session.py.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.e2e.neovim.driver import Neovim, neovim
from tests.e2e.neovim.session import PLUGIN, START, Scene

# With a model that says nothing: none is needed, and none is left to load behind a scene that is over.
_SERVE = (sys.executable, "-P", str(Path(__file__).parents[2] / "fakes" / "scripted_server.py"), "")
TEXT = ("def area(width):", "    return width", "", "", "print('🎉', area(1))", "print(area(2))")
# The default keys: <Tab> takes, <Esc> turns down.
_OPTIONS = {"nextEditPauseMs": 0}
_SETUP = {"keymaps": True}
_REPORT = """
return vim.lsp.get_clients()[1]:request_sync('mellum/status', {}, 10000, 0).result.nextEdits
"""
# The first line of what is shown in place of the old text, and the line that it stands in.
_MARK = """
local space = vim.api.nvim_create_namespace('mellum.next_edit')
for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(0, space, 0, -1, { details = true })) do
  if mark[4].virt_text then return { mark[2], mark[4].virt_text[1][1] } end
end
"""


@asynccontextmanager
async def renaming(folder: Path, environment: Mapping[str, str]) -> AsyncGenerator[Neovim, None]:
    """Neovim in a file whose function has just been renamed, in normal mode."""
    path = folder / "a.py"
    path.write_text("\n".join(TEXT) + "\n", encoding="utf-8")
    async with neovim(folder, environment) as editor:
        await editor.lua(START, str(path), list(_SERVE), _OPTIONS, str(PLUGIN), _SETUP)
        await editor.lua("_G.next_edit = require('mellum.next_edit')")
        await editor.when("(vim.lsp.get_clients({ bufnr = 0 })[1] or {}).initialized")
        await editor.type("gg4lciwsurface<Esc>")
        await editor.lines("def surface(width):", *TEXT[1:])
        yield editor


async def seen(editor: Neovim, line: int) -> dict[str, Any]:
    """The edit that is shown once it is one of that line."""
    condition = f"next_edit.shown() and next_edit.shown().range.start.line == {line} and next_edit.shown()"
    edit: dict[str, Any] = await editor.when(condition)
    assert await editor.lua(_MARK) == [line, edit["text"]]
    return edit


async def take_one_after_the_other(folder: Path, environment: Mapping[str, str]) -> None:
    """Each use is shown and taken by a key; behind characters of two units it goes to the right place."""
    async with renaming(folder, environment) as editor:
        first = await seen(editor, 4)
        assert first["range"]["start"]["character"] == 12
        await editor.type("<Tab>")
        await editor.lines("def surface(width):", *TEXT[1:4], "print('🎉', surface(1))", TEXT[5])
        await seen(editor, 5)
        await editor.type("<Tab>")
        await editor.lines("def surface(width):", *TEXT[1:4], "print('🎉', surface(1))", "print(surface(2))")
        report = await editor.lua(_REPORT)
        assert (report["shown"], report["accepted"], report["rejected"]) == (2, 2, 0)
        assert await editor.lua(_MARK) is None


async def turn_down(folder: Path, environment: Mapping[str, str]) -> None:
    """What is turned down disappears, does not come again, and leaves the text alone."""
    async with renaming(folder, environment) as editor:
        await seen(editor, 4)
        await editor.type("<Esc>")
        await editor.when("next_edit.shown() == nil")
        assert await editor.lua(_MARK) is None
        await editor.lua("next_edit.request()")
        await seen(editor, 5)
        await editor.lines("def surface(width):", *TEXT[1:])
        report = await editor.lua(_REPORT)
        assert (report["accepted"], report["rejected"]) == (0, 1)


async def typing_takes_it_away(folder: Path, environment: Mapping[str, str]) -> None:
    """Nothing stands in the way of who goes on typing, and nothing is taken that is not shown any more."""
    async with renaming(folder, environment) as editor:
        await seen(editor, 4)
        await editor.type("Gox = 1")
        await editor.when("next_edit.shown() == nil")
        assert await editor.lua("return next_edit.accept()") is False
        await editor.type("<Esc>")
        await seen(editor, 5)


SCENES: tuple[Scene, ...] = (take_one_after_the_other, turn_down, typing_takes_it_away)
