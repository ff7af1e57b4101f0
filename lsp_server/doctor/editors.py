"""Which editors can be called from here, and what each needs so that it shows inline completions of a language server.

Starts none of them, but for the question which version a Neovim is.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass

from mellum_ls.lsp_server.doctor.checks import Check

# The first with vim.lsp.config. It has no vim.lsp.inline_completion; the plugin in editors/neovim shows its own text.
NEOVIM = (0, 11)
VERSION_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Editor:
    """An editor by the names of its commands."""

    name: str
    commands: tuple[str, ...]
    advice: str
    """What it needs: none of these shows inline completions of any server by itself."""


_VS_CODE = (
    "install the extension, which starts the server and shows what it says: `make vsix` in a clone of mellum-ls writes "
    "build/vscode/mellum-ls.vsix, for *Install from VSIX* in the Extensions view"
)
EDITORS = (
    Editor("VS Code", ("code", "code-insiders"), _VS_CODE),
    Editor("VSCodium", ("codium", "code-oss"), _VS_CODE),
    Editor("Cursor", ("cursor",), _VS_CODE),
    Editor(
        "JetBrains IDE",
        ("idea", "pycharm", "webstorm", "goland", "clion", "rider", "phpstorm", "rubymine", "rustrover", "fleet"),
        "install the plugin LSP4IJ, which knows inline completion since May 2026, and import the template "
        "editors/jetbrains of a clone",
    ),
    Editor(
        "Emacs",
        ("emacs",),
        "load editors/emacs/mellum.el of a clone: it sets up lsp-mode or copilot.el; eglot shows no inline completions",
    ),
    Editor(
        "Helix",
        ("hx", "helix"),
        "it shows no inline completions of language servers yet; editors/helix of a clone sets up code actions",
    ),
    Editor("Zed", ("zed", "zeditor"), "it shows no inline completions of language servers"),
    Editor("Sublime Text", ("subl",), "its package LSP shows no inline completions yet"),
)
_NEOVIM_READY = (
    "in init.lua, with editors/neovim of a clone on 'runtimepath': vim.lsp.enable('mellum'); "
    "require('mellum').setup({ keymaps = true })"
)


def checks(*, path: str | None = None, version_seconds: float = VERSION_SECONDS) -> list[Check]:
    """The group. `path` is searched for commands in place of PATH."""
    found = [_neovim(command, version_seconds)] if (command := shutil.which("nvim", path=path)) else []
    for editor in EDITORS:
        commands = [where for name in editor.commands if (where := shutil.which(name, path=path))]
        if commands:
            found.append(Check(editor.name, "note", f"is here: {', '.join(commands)}", editor.advice))
    if not found:
        says = "none of the editors that are known by a command is on PATH"
        return [
            Check("editors", "note", says, "the command for any editor that speaks LSP is `mellum-ls serve --stdio`")
        ]
    return found


def _neovim(command: str, version_seconds: float) -> Check:
    name = "Neovim"
    try:
        told = subprocess.run(
            [command, "--version"],
            capture_output=True,
            timeout=version_seconds,
            stdin=subprocess.DEVNULL,
            check=False,
        ).stdout.decode("utf-8", "replace")
    except subprocess.TimeoutExpired:
        return Check(name, "warning", f"{command} did not tell its version within {version_seconds:g} s")
    except OSError as error:
        return Check(name, "warning", f"{command} cannot be run: {error.strerror}")
    version = re.match(r"NVIM v(\d+)\.(\d+)\S*", told)
    if version is None:
        return Check(name, "warning", f"{command} did not tell its version")
    says = f"{version[0].removeprefix('NVIM ')} at {command}"
    if (int(version[1]), int(version[2])) < NEOVIM:
        wanted = ".".join(map(str, NEOVIM))
        return Check(name, "warning", f"{says} has no vim.lsp.config", f"use Neovim {wanted} or newer")
    return Check(name, "ok", says, _NEOVIM_READY)
