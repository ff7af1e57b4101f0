"""`mellum-ls models`: its commands put together. Each module has `add`, which says what the command takes and runs."""

from __future__ import annotations

import argparse

from mellum_ls.lsp_server.models_command import inspect, list, pull, quantize

# In the order of the help.
COMMANDS = (list, pull, inspect, quantize)


def add(parser: argparse.ArgumentParser) -> None:
    """Give the parser of `models` its commands."""
    commands = parser.add_subparsers(dest="action", required=True, metavar="list|pull|inspect|quantize")
    for command in COMMANDS:
        command.add(commands)


def run(parsed: argparse.Namespace) -> int:
    """Do what was asked for; the exit code."""
    return int(parsed.run(parsed))
