"""The README's own steps, from a clone to the first suggestion in Neovim, in a home folder where nothing is.

The steps are read from the README. Only the packages are not installed anew: `.venv` is laid out in the clone, with a
command that runs the clone's own code by this environment's Python, so that `make setup` finds its work done.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.e2e.neovim.driver import neovim
from tests.e2e.neovim.session import HEAD, seen

ROOT = Path(__file__).resolve().parents[3]


def steps() -> tuple[list[str], str]:
    """What the README's section on Neovim has typed into a shell, line by line, and into init.lua."""
    section = (ROOT / "README.md").read_text(encoding="utf-8").split("### Neovim\n")[1].split("\n## ")[0]
    [shell] = re.findall(r"^```sh\n(.*?)^```", section, re.DOTALL | re.MULTILINE)
    [lua] = re.findall(r"^```lua\n(.*?)^```", section, re.DOTALL | re.MULTILINE)
    return shell.splitlines(), lua


def _lay_out(clone: Path) -> None:
    """A virtual environment that is already set up, as the Makefile sees it."""
    package = clone / "build" / "package"
    package.mkdir(parents=True)
    (package / "mellum_ls").symlink_to(clone)
    commands = clone / ".venv" / "bin"
    commands.mkdir(parents=True)
    run = f"exec {shlex.quote(sys.executable)} -P -m mellum_ls.lsp_server"
    script = f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(package))} {run} "$@"\n'
    (commands / "mellum-ls").write_text(script, encoding="utf-8")
    (commands / "mellum-ls").chmod(0o755)
    (clone / ".venv" / ".ready").touch()


async def from_clone_to_ghost_text(folder: Path, environment: Mapping[str, str]) -> None:
    """Every step as it is written; then a file is opened, typed in, and the suggestion is taken by the README's key."""
    home = folder / "home"
    (home / ".config" / "nvim").mkdir(parents=True)
    own = {name: value for name, value in environment.items() if not name.startswith(("XDG_", "MELLUM_MODEL"))}
    own |= {"HOME": str(home), "REPOSITORY": str(ROOT), "PATH": os.environ["PATH"]}
    shell, lua = steps()
    for number, line in enumerate(shell):
        subprocess.run(["sh", "-ec", line], env=own, cwd=home, check=True, capture_output=True, timeout=120)
        if number == 0:
            _lay_out(home / "mellum-ls")
    (home / ".config" / "nvim" / "init.lua").write_text(lua, encoding="utf-8")
    (home / "a.py").write_text(f"{HEAD}\n    ", encoding="utf-8")
    async with neovim(folder, own, home=home) as editor:
        editor.seconds = 240.0
        await editor.request("nvim_command", f"edit {home / 'a.py'}")
        await editor.when("(vim.lsp.get_clients({ bufnr = 0 })[1] or {}).initialized")
        command = await editor.lua("return vim.lsp.get_clients()[1].config.cmd[1]")
        assert command == str(home / "mellum-ls" / ".venv" / "bin" / "mellum-ls")
        await editor.type("GAreturn le")
        text = await seen(editor)
        await editor.type("<Tab>")
        await editor.lines(HEAD, *f"    return le{text}".split("\n"))
