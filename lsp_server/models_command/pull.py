"""`mellum-ls models pull`: its options."""

from __future__ import annotations

import argparse

from mellum_ls.lsp_server.models_command import child

CODES = """\
exit codes: 0 here and whole; 1 no such model can be asked for; 3 the hub cannot be reached or refuses; 4 too little
room; 5 damaged on the way; 130 interrupted. After 3 and 130 the same command goes on where it stopped.
HF_ENDPOINT names a mirror, HF_HUB_CACHE the folder, HF_TOKEN who asks, HF_HUB_OFFLINE=1 is --offline."""


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "pull",
        help="fetch a model from a hub, or go on fetching it; check every file",
        description="Fetch a model into the cache of huggingface_hub, where other programs find it, too.",
        epilog=CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("model", metavar="OWNER/NAME", help="as `mellum-ls models list` shows it")
    parser.add_argument("--revision", metavar="NAME", help="branch, tag or commit (default: main)")
    parser.add_argument("--offline", action="store_true", help="ask nobody: check what is here")
    parser.add_argument("--json", action="store_true", help="print JSON, and no bars")
    parser.set_defaults(run=_run)


def _run(parsed: argparse.Namespace) -> int:
    options = {"model": parsed.model, "revision": parsed.revision, "offline": parsed.offline, "json": parsed.json}
    return child.run("pull", options)
