"""What a user does in Neovim with the real server and the embedded model: type, see, take, go on typing.

Each function is one such scene, given an empty folder and an environment; it raises AssertionError or NeovimError when
the buffer is not what was seen and typed.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from mellum_ls.runtime.client import launch
from mellum_ls.runtime.client.launch import RuntimeOptions
from mellum_ls.runtime.environment import model_directory, read_environment
from tests.e2e.neovim.driver import Neovim, neovim
from tests.fakes.lsp_client import SERVE, isolated_environment

NANO = model_directory(None)
PLUGIN = Path(__file__).resolve().parents[3] / "editors" / "neovim"
HEAD = "def add(left: int, right: int) -> int:"
# The plugin as users have it: its folder on the runtime path, the server enabled, setup() called.
START = """
local path, command, options, plugin, setup = ...
vim.opt.runtimepath:prepend(plugin)
vim.lsp.config('mellum', { cmd = command, init_options = options })
vim.lsp.enable('mellum')
require('mellum').setup(setup)
vim.cmd('filetype on')
vim.cmd.edit(path)
"""
_ACCEPTED = """
local answer = vim.lsp.get_clients()[1]:request_sync('mellum/status', {}, 10000, 0)
return answer.result.metrics.languages.python.accepted
"""


@contextmanager
def model_process(folder: Path) -> Iterator[dict[str, str]]:
    """The environment of editors whose servers share one model process, its folders under `folder`; gone at the end."""
    environment = isolated_environment(folder, MELLUM_MODEL=str(NANO), MELLUM_THREADS="1")
    try:
        yield environment
    finally:
        launch.stop(RuntimeOptions.of(read_environment(environment)))


@asynccontextmanager
async def editing(
    folder: Path, environment: Mapping[str, str], text: str, **options: object
) -> AsyncGenerator[Neovim, None]:
    """Neovim in a file a.py that holds `text`, in insert mode at its end; the server is attached with the `options`."""
    (folder / "a.py").write_bytes(text.encode())
    async with neovim(folder, environment) as editor:
        await editor.lua(START, str(folder / "a.py"), list(SERVE), {"enable": True, **options}, str(PLUGIN), {})
        await editor.when("(vim.lsp.get_clients({ bufnr = 0 })[1] or {}).initialized")
        await editor.type("GA")
        await editor.when("vim.api.nvim_get_mode().mode == 'i'")
        yield editor


async def seen(editor: Neovim) -> str:
    """The text that is shown at the cursor once it answers what was typed so far."""
    shown = await editor.when("watch.answered()")
    assert shown["at_cursor"]
    text: str = shown["text"]
    assert text
    return text


async def take(editor: Neovim) -> None:
    """Accept what is shown, as Neovim does by itself."""
    assert await editor.lua("return vim.lsp.inline_completion.get()") is True


async def take_by_plugin(editor: Neovim) -> None:
    """Accept what is shown by the plugin that comes with the project."""
    assert await editor.lua("return require('mellum').accept()") is True


async def take_and_go_on(folder: Path, environment: Mapping[str, str]) -> None:
    """Type, take, go on typing, type along with what comes next, take again; both acceptances reach the server."""
    async with editing(folder, environment, f"{HEAD}\n    ") as editor:
        await editor.type("return le")
        first = await seen(editor)
        await take(editor)
        await editor.lines(HEAD, f"    return le{first}")
        await editor.type("<CR>0<C-d>total = add(")
        await editor.lines(HEAD, f"    return le{first}", "total = add(")
        second = await seen(editor)
        await editor.type(second[0].replace("<", "<lt>"))
        rest = await seen(editor)
        assert rest == second[1:], "typing along must leave the rest of the same text"
        await take(editor)
        await editor.lines(HEAD, f"    return le{first}", *f"total = add({second}".split("\n"))
        # The server hears of an acceptance as soon as the buffer holds it, so that it is counted by now.
        assert await editor.lua(_ACCEPTED) == 2


async def take_while_typing(folder: Path, environment: Mapping[str, str]) -> None:
    """A character typed between the request and the acceptance stands once, and one that differs takes nothing."""
    async with editing(folder, environment, f"{HEAD}\n    ") as editor:
        await editor.type("return le")
        shown = await seen(editor)
        await editor.type(shown[0])
        await editor.lines(HEAD, f"    return le{shown[0]}")
        await take_by_plugin(editor)
        await editor.lines(HEAD, f"    return le{shown}")
        await editor.type("<CR>return le")
        shown = await seen(editor)
        await editor.type("~")
        before = await editor.when("watch.lines()[3]:sub(-1) == '~' and watch.lines()")
        # False where the next answer has taken the stale text away already.
        await editor.lua("return require('mellum').accept()")
        await editor.type(" # end")
        await editor.lines(*before[:2], before[2] + " # end")
        assert await editor.lua(_ACCEPTED) == 1


async def take_in_a_dos_file(folder: Path, environment: Mapping[str, str]) -> None:
    r"""In a file of \r\n lines a suggestion of several lines leaves no stray \r, in the buffer and on the disk."""
    top = ["class Point:", "    def __init__(self, x, y):"]
    # However slow the machine is, the whole block is waited for.
    async with editing(folder, environment, "\r\n".join(top), earlyAnswerMs=0) as editor:
        assert await editor.lua("return vim.bo.fileformat") == "dos"
        await editor.type("<CR>")
        shown = await seen(editor)
        assert "\n" in shown, "the case needs a suggestion of several lines"
        assert "\r" not in shown
        await take(editor)
        await editor.type("#")
        expected = [*top, *f"    {shown}#".split("\n")]
        await editor.lines(*expected)
        await editor.request("nvim_command", "write")
    assert (folder / "a.py").read_bytes().decode() == "\r\n".join([*expected, ""])


async def take_behind_wide_characters(folder: Path, environment: Mapping[str, str]) -> None:
    """Behind characters of two UTF-16 units and of three bytes the text goes to the cursor and nowhere else."""
    async with editing(folder, environment, f"{HEAD}\n    ") as editor:
        line = 'print("\U0001f389\U0001f680 中文 é", left, ri'
        await editor.type(line)
        shown = await seen(editor)
        await take(editor)
        await editor.type("#")
        await editor.lines(HEAD, *f"    {line}{shown}#".split("\n"))


Scene = Callable[[Path, Mapping[str, str]], Awaitable[None]]
SCENES: tuple[Scene, ...] = (take_and_go_on, take_while_typing, take_in_a_dos_file, take_behind_wide_characters)
