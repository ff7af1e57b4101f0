"""`mellum-ls models quantize`: packs a model ahead of time, in a child process: this floor never imports torch."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

FORMATS = ("int4", "int8", "bf16")
PACK = (sys.executable, "-P", "-m", "mellum_ls.runtime.packed")
INTERRUPTED = 130


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its options."""
    meaning = "pack a model's weights ahead of time, so that its first start takes seconds"
    parser = commands.add_parser("quantize", help=meaning, description=meaning, allow_abbrev=False)
    parser.add_argument(
        "model", metavar="MODEL", nargs="?", help="model folder (default: MELLUM_MODEL, else the embedded model)"
    )
    parser.add_argument("--format", choices=FORMATS, default=FORMATS[0], help="what to keep the weights as")
    parser.add_argument(
        "--out", metavar="DIR", help="make a model folder of its own there, with tokenizer and config, to take along"
    )
    parser.set_defaults(run=run)


def run(parsed: argparse.Namespace, *, program: Sequence[str] = PACK) -> int:
    """Pack on the terminal's own streams; the child's exit code, 128 + n when signal n ended it.

    What was written when it is interrupted is gone on with the next time.
    """
    import subprocess  # who starts the server does not pay for it

    options = {"model": parsed.model, "format": parsed.format, "out": parsed.out}
    given = [f"--{name}={value}" for name, value in options.items() if value]
    try:
        code = subprocess.run([*program, *given], check=False).returncode
    except KeyboardInterrupt:
        return INTERRUPTED
    return code if code >= 0 else 128 - code
