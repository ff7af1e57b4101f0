"""What a user does in Neovim with the keys and commands of the plugin. The server is the real one, its model scripted.

Each function is one scene, given an empty folder, an environment and who shows the suggestions; see session.py.
"""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from tests.e2e.neovim.driver import Neovim, neovim
from tests.e2e.neovim.session import PLUGIN, START

Show = str
"""`core`: vim.lsp.inline_completion of Neovim 0.12; `own`: the plugin's, in a Neovim 0.11, which has none."""
SHOWN_BY = {"core": "nvim.lsp.inline_completion", "own": "mellum.ghost"}
_RELEASE = {"core": "0.12", "own": "0.11"}
_SCRIPTED = (sys.executable, "-P", str(Path(__file__).parents[2] / "fakes" / "scripted_server.py"))
_REPORT = "return vim.lsp.get_clients()[1]:request_sync('mellum/status', {}, 10000, 0).result"
ANSWER = "ft + right\n    print(é🎉, ri)"
HEAD = "def add(left, right):"


@asynccontextmanager
async def typing(
    folder: Path, environment: Mapping[str, str], show: Show, *model: str, text: str = f"{HEAD}\n", **options: object
) -> AsyncGenerator[Neovim, None]:
    """Neovim with the plugin's default keys, in insert mode at the end of a file that holds `text`."""
    (folder / "a.py").write_text(text, encoding="utf-8")
    async with neovim(folder, environment, release=_RELEASE[show]) as editor:
        setup = {"keymaps": True, "next_edit": False}
        options = {"warmUp": False, "writeAhead": False, **options}
        await editor.lua(START, str(folder / "a.py"), [*_SCRIPTED, *model], options, str(PLUGIN), setup)
        await editor.when("(vim.lsp.get_clients({ bufnr = 0 })[1] or {}).initialized")
        await editor.when("vim.fn.maparg('<Tab>', 'i') ~= ''")
        await editor.type("Go")
        await editor.when("vim.api.nvim_get_mode().mode == 'i'")
        yield editor


async def shows(editor: Neovim, text: str, by: str = "") -> None:
    """Wait until this is the ghost text at the cursor, and nothing else; by whom, where that is said."""
    said = f"and shown.by == {json.dumps(by)}" if by else ""
    condition = f"(function() local shown = watch.shown() return shown and shown.at_cursor and shown.text == ... {said}"
    quoted = json.dumps(text, ensure_ascii=False)
    await editor.when(f"{condition.replace('...', quoted)} end)()")


async def take_in_parts(folder: Path, environment: Mapping[str, str], show: Show) -> None:
    """A word, a line, the rest: each as it was shown, what is left stays, and the server hears how much was taken."""
    async with typing(folder, environment, show, ANSWER) as editor:
        await editor.lua("watch.listen(vim.lsp.get_clients()[1], 'textDocument/didPartiallyAcceptCompletion')")
        await editor.type("    return le")
        await shows(editor, ANSWER, SHOWN_BY[show])
        colours = "return vim.api.nvim_get_hl(0, { name = 'MellumGhost', link = false })"
        assert await editor.lua(colours), "ghost text without a colour of its own looks like text"
        await editor.type("<M-Right>")
        await editor.lines(HEAD, "    return left")
        # Shown at once by the plugin; Neovim's next answer takes over.
        await shows(editor, ANSWER.removeprefix("ft"), SHOWN_BY[show])
        await editor.type("<M-Down>")
        await editor.lines(HEAD, "    return left + right")
        await shows(editor, "\n    print(é🎉, ri)")
        await editor.type("<M-Right>")
        await editor.lines(HEAD, "    return left + right", "    print")
        await shows(editor, "(é🎉, ri)", SHOWN_BY[show])
        report = await editor.lua(_REPORT)
        assert report["metrics"]["languages"]["python"]["partiallyAccepted"] >= 1
        await editor.type("<M-Right>")
        await shows(editor, "é🎉, ri)")
        await editor.type("<M-Right>")
        await editor.lines(HEAD, "    return left + right", "    print(é🎉")
        await shows(editor, ", ri)")
        await editor.type("<Tab>")
        await editor.lines(HEAD, "    return left + right", "    print(é🎉, ri)")
        await editor.when("watch.shown() == nil")
        told = await editor.lua("return watch.told")
        for part, partly in zip(("ft", " + right", "\n    print", "(", "é🎉"), told, strict=True):
            # In UTF-16, from the start of the item's text: what was taken last stands at the end of what was taken.
            text = partly["item"]["insertText"].encode("utf-16-le")[: 2 * partly["acceptedLength"]]
            assert text.decode("utf-16-le").endswith(part)


async def leaf_through(folder: Path, environment: Mapping[str, str], show: Show) -> None:
    """The next key asks for several; they come in turn, and the one that is seen is the one that is taken."""
    answers = ["ft + right", "ft - right", "ngth"]
    async with typing(folder, environment, show, json.dumps(answers), "ranks") as editor:
        await editor.type("    return le")
        await shows(editor, answers[0], SHOWN_BY[show])
        await editor.type("<M-]>")
        await shows(editor, f"{answers[1]} (2/3)")
        await editor.type("<M-]>")
        await shows(editor, f"{answers[2]} (3/3)")
        await editor.type("<M-]>")
        await shows(editor, f"{answers[0]} (1/3)")
        await editor.type("<M-[><M-[>")
        await shows(editor, f"{answers[1]} (2/3)")
        await editor.type("f")
        await editor.lines(HEAD, "    return lef")
        await editor.when("(watch.shown() or {}).text and watch.shown().text:find('^t [-+] right')")
        await editor.type("<M-]>")
        await editor.when("(watch.shown() or {}).text and watch.shown().text:find('/')")
        seen = (await editor.lua("return watch.shown().text")).split(" (")[0]
        await editor.type("<Tab>")
        await editor.lines(HEAD, f"    return lef{seen}")


async def want_none(folder: Path, environment: Mapping[str, str], show: Show) -> None:
    """Dismissed it is gone; keys that have nothing to do are what they were; leaving insert mode takes it away."""
    async with typing(folder, environment, show, ANSWER) as editor:
        await editor.type("    return le")
        await shows(editor, ANSWER)
        await editor.type("<C-]>")
        await editor.when("watch.shown() == nil")
        await editor.type("<Tab>")
        await editor.lines(HEAD, "    return le\t")
        await editor.type("<BS>f")
        await editor.when("watch.shown()")
        await editor.type("<Esc>")
        await editor.when("watch.shown() == nil")
        await editor.lines(HEAD, "    return lef")


async def come_too_late(folder: Path, environment: Mapping[str, str], show: Show) -> None:
    """An answer to a text that has changed since is not shown, and a request that nobody waits for is taken back."""
    async with typing(folder, environment, show, ANSWER, "hang") as editor:
        await editor.type("    return le")
        await editor.when("next(vim.lsp.get_clients()[1].requests)")
        assert await editor.lua("return watch.cancelled") == 0
        await editor.type("~")
        await editor.when("watch.cancelled > 0")
        await editor.type("<Esc>")
        await editor.when("vim.tbl_count(vim.lsp.get_clients()[1].requests) == 0")
        assert await editor.lua("return watch.shown()") is None
        assert (await editor.lua(_REPORT))["active"] == 0


async def be_overtaken(folder: Path, environment: Mapping[str, str], show: Show) -> None:
    """An answer that comes when the text is another one already, before anything was noticed of it, is dropped."""
    async with typing(folder, environment, show, ANSWER) as editor:
        await editor.lua("vim.o.eventignore = 'all'")
        await editor.type("    return le")
        await editor.lines(HEAD, "    return le")
        for change, got in (("vim.api.nvim_buf_set_lines(0, 0, 1, true, { '~' })", -1), ("", 1)):
            await editor.lua(f"_G.got = -1 {_SEND} {change}")
            await editor.when("next(vim.lsp.get_clients()[1].requests) == nil")
            assert await editor.lua("return got") == got


async def command(folder: Path, environment: Mapping[str, str], show: Show) -> None:
    """:Mellum pauses and goes on, says how things are, and the status line follows."""
    async with typing(folder, environment, show, ANSWER) as editor:
        await editor.lua("_G.said = {} vim.notify = function(text) said[#said + 1] = text end")
        await editor.when("require('mellum').status() == 'mellum'")
        await editor.type("    return le")
        await shows(editor, ANSWER)
        await editor.type("<Cmd>Mellum pause<CR>")
        await editor.when("require('mellum').status():find('^mellum off %(')")
        await editor.type("f")
        await editor.when("watch.fresh and watch.shown() == nil")
        await editor.type("<Cmd>Mellum status<CR>")
        await editor.when("(said[2] or ''):find('^mellum: disabled')")
        await editor.type("<Cmd>Mellum resume<CR>")
        await editor.when("require('mellum').status() == 'mellum'")
        await editor.type("<BS>f<Cmd>Mellum model<CR>")
        await editor.when("watch.shown()")
        assert "suggestions are off" in (await editor.lua("return said[1]"))
        await editor.when("vim.list_contains(said, 'mellum: scripted')")
        await editor.request("nvim_command", "Mellum nonsense")
        assert await editor.lua("return said[#said]") == "mellum: there is no ':Mellum nonsense'; see :help :Mellum"
        complete = "return vim.fn.getcompletion('Mellum ', 'cmdline')"
        assert await editor.lua(complete) == ["doctor", "log", "model", "pause", "refactor", "resume", "status"]


async def refactor(folder: Path, environment: Mapping[str, str], show: Show) -> None:
    """:Mellum refactor rewrites the lines of its range as it is told."""
    model = (json.dumps(["```python\nz = 3.14 * 2\n```"]), "chat", str(folder / "asked.jsonl"))
    async with typing(folder, environment, show, *model, text="x = 3.14 * 2\ny = 1\n") as editor:
        await editor.type("<Esc>:1Mellum refactor call it z<CR>")
        await editor.lines("z = 3.14 * 2", "y = 1", "")
        assert "The programmer asks: call it z" in (folder / "asked.jsonl").read_text(encoding="utf-8")


async def called_copilot(folder: Path, environment: Mapping[str, str], show: Show) -> None:
    """By the names that other plugins look for it is the same server, and answers what they ask."""
    (folder / "b.py").write_text("def area(width):\n    return width\n\n\nprint(area(1))\n", encoding="utf-8")
    async with neovim(folder, environment, release=_RELEASE[show]) as editor:
        await editor.lua(_COPILOT, str(folder / "b.py"), [*_SCRIPTED, ""], str(PLUGIN))
        await editor.when("#vim.lsp.get_clients({ bufnr = 0 }) == 2")
        await editor.when("vim.iter(vim.lsp.get_clients()):all(function(client) return client.initialized end)")
        names = await editor.lua("return vim.tbl_map(function(client) return client.name end, vim.lsp.get_clients())")
        assert sorted(names) == ["copilot_ls", "mellum_copilot"]
        await editor.type("gg4lciwsurface<Esc>")
        await editor.lines("def surface(width):", "    return width", "", "", "print(area(1))")
        for name in names:
            edits = await editor.lua(_ASK, name)
            assert [edit["text"] for edit in edits] == ["surface"]
            assert edits[0]["textDocument"]["version"] == await editor.lua("return vim.lsp.util.buf_versions[1]")
            assert edits[0]["command"]["command"] == "mellum.nextEdit.accepted"
        assert await editor.lua("return require('mellum.next_edit').shown()") is None


_SEND = "require('mellum.request').send(2, function(items) got = #items end)"
_COPILOT = """
local path, command, plugin = ...
vim.opt.runtimepath:prepend(plugin)
vim.lsp.config('mellum', { cmd = command })
vim.lsp.config('copilot_ls', vim.lsp.config.mellum_copilot)
vim.lsp.enable({ 'mellum_copilot', 'copilot_ls' })
require('mellum').setup({ next_edit = false })
vim.cmd('filetype on')
vim.cmd.edit(path)
"""
# As sidekick.nvim and copilot-lsp.nvim ask.
_ASK = """
local client = vim.lsp.get_clients({ name = (...) })[1]
local params = vim.lsp.util.make_position_params(0, 'utf-16')
params.textDocument.version = vim.lsp.util.buf_versions[1]
params.context = { triggerKind = 2 }
return client:request_sync('textDocument/copilotInlineEdit', params, 10000, 0).result.edits
"""

PluginScene = Callable[[Path, Mapping[str, str], Show], Awaitable[None]]
# Each scene with who shows the suggestions. Neovim's own requests are its own affair, and so is what becomes of them.
SHORT: tuple[tuple[PluginScene, Show], ...] = (
    (take_in_parts, "core"),
    (take_in_parts, "own"),
    (leaf_through, "core"),
    (be_overtaken, "own"),
    (command, "core"),
)
"""Those of the suite."""
LONG: tuple[tuple[PluginScene, Show], ...] = (
    (leaf_through, "own"),
    (want_none, "core"),
    (want_none, "own"),
    (come_too_late, "own"),
    (command, "own"),
    (refactor, "core"),
    (called_copilot, "core"),
    (called_copilot, "own"),
)
"""Those of `make test-editors`."""


def name_of(scene: tuple[PluginScene, Show]) -> str:
    """What a test report calls it."""
    return f"{scene[0].__name__}-{scene[1]}"
