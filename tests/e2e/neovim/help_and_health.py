"""What a user looks up in Neovim: :help mellum and :checkhealth mellum. The server and its doctor are the real ones."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.e2e.neovim.driver import neovim
from tests.e2e.neovim.session import HEAD, NANO, PLUGIN, editing


async def help_is_found(folder: Path, environment: Mapping[str, str]) -> None:
    """Every tag of the help leads to its place, and the tags that are kept beside it are those that Neovim makes."""
    made = folder / "doc"
    made.mkdir()
    text = (PLUGIN / "doc" / "mellum.txt").read_text(encoding="utf-8")
    (made / "mellum.txt").write_text(text, encoding="utf-8")
    async with neovim(folder, environment) as editor:
        await editor.request("nvim_command", f"helptags {made}")
        tags = (made / "tags").read_text(encoding="utf-8")
        assert tags == (PLUGIN / "doc" / "tags").read_text(encoding="utf-8"), "run :helptags editors/neovim/doc"
        await editor.lua("vim.opt.runtimepath:append((...))", str(PLUGIN))
        names = [line.split("\t")[0] for line in tags.splitlines()]
        assert {"mellum", ":Mellum", "mellum.setup()", "mellum-keys"} <= set(names)
        for name in names:
            await editor.request("nvim_command", f"help {name}")
            assert await editor.lua("return vim.fn.expand('%:t')") == "mellum.txt"
            assert f"*{name}*" in await editor.lua("return vim.api.nvim_get_current_line()")
        # What the text refers to is there.
        for word in {word for word in text.split("|")[1::2] if word.startswith("mellum")}:
            assert word in names


async def _health(folder: Path, environment: Mapping[str, str], before: str) -> str:
    async with editing(folder, environment, f"{HEAD}\n") as editor:
        await editor.type("<Esc>")
        await editor.lua(before)
        # The doctor takes its time, and Neovim answers nothing meanwhile.
        editor.seconds = 240.0
        await editor.request("nvim_command", "checkhealth mellum")
        lines: list[str] = await editor.lua("return watch.lines()")
    return "\n".join(lines)


async def health_is_told(folder: Path, environment: Mapping[str, str]) -> None:
    """The check finds the program and its version, the server of this window, and hands on what the doctor says."""
    text = await _health(folder, environment, "")
    assert "has vim.lsp.inline_completion" in text
    assert "OK mellum-ls 0." in text
    assert "serves 1 buffers" in text
    assert "a.py: vim.lsp.inline_completion is on" in text
    assert "system, processor:" in text
    assert "languages, " in text
    assert "ERROR" not in text


async def health_names_the_remedy(folder: Path, environment: Mapping[str, str]) -> None:
    """Where the program is not there, that is an error with what to do, and nothing else is tried."""
    text = await _health(
        folder,
        environment,
        "vim.lsp.get_clients()[1].config.cmd = { 'no-such-mellum', 'serve' } vim.lsp.inline_completion.enable(false)",
    )
    assert "ERROR no-such-mellum is not there, or not on PATH" in text
    assert "vim.lsp.config('mellum'" in text
    assert "mellum-ls doctor ~" not in text


async def commands_look_things_up(folder: Path, environment: Mapping[str, str]) -> None:
    """:Mellum doctor, log and model, with a path that is not written out."""
    async with editing(folder, environment, f"{HEAD}\n") as editor:
        await editor.type("<Esc>")
        assert await editor.lua("return vim.lsp.get_clients()[1].settings.mellum.model") is None
        await editor.request("nvim_command", f"Mellum model {NANO}/./")
        assert await editor.lua("return vim.lsp.get_clients()[1].settings.mellum.model") == str(NANO)
        await editor.request("nvim_command", "Mellum log")
        assert await editor.lua("return vim.fn.expand('%:t')") == "lsp.log"
        editor.seconds = 240.0
        await editor.request("nvim_command", "Mellum doctor")
        await editor.when("vim.startswith(vim.api.nvim_buf_get_name(0), 'mellum://doctor')")
        text = "\n".join(await editor.lua("return watch.lines()"))
        assert text.startswith("system\n")
        assert "device and model" in text
        await editor.type("q")
        await editor.when("vim.fn.expand('%:t') == 'lsp.log'")
