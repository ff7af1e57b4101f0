"""`mellum-ls models inspect`: its options."""

from __future__ import annotations

import argparse

from mellum_ls.lsp_server.models_command import child


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    meaning = "what is in a model: config, tensors, tokenizer, template, profile and where each value comes from"
    parser = commands.add_parser("inspect", help=meaning, description=meaning, allow_abbrev=False)
    parser.add_argument(
        "model",
        metavar="DIR|OWNER/NAME|FILE",
        nargs="?",
        help="folder, pulled model or one .safetensors file (default: MELLUM_MODEL, else the embedded model)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=_run)


def _run(parsed: argparse.Namespace) -> int:
    return child.run("inspect", {"model": parsed.model, "json": parsed.json})
