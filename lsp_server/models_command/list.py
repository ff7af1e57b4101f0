"""`mellum-ls models list`: its options."""

from __future__ import annotations

import argparse

from mellum_ls.lsp_server.models_command import child


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    meaning = "the released checkpoints: sizes, abilities, which are here, and what fits this machine"
    parser = commands.add_parser("list", help=meaning, description=meaning, allow_abbrev=False)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=_run)


def _run(parsed: argparse.Namespace) -> int:
    return child.run("list", {"json": parsed.json})
