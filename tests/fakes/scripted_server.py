"""The real server in its own process with a scripted model: `python scripted_server.py ANSWER [hang|fail]`.

With `hang` the model says one word and then nothing more; with `fail` it cannot be reached.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

# Run as a program, this file does not find its sibling by its test name.
sys.path.insert(0, str(Path(__file__).parent))

from backend import ScriptedBackend  # type: ignore[import-not-found,unused-ignore]

from mellum_ls.lsp_server.serve import Connection, run


def make_backend(_: str) -> ScriptedBackend:
    """The model that the command line describes."""
    mode = sys.argv[2] if len(sys.argv) > 2 else ""
    gate = asyncio.Event() if mode == "hang" else None
    return ScriptedBackend(sys.argv[1], gate=gate, error="the model is away" if mode == "fail" else "")


if __name__ == "__main__":
    sys.exit(run(Connection(), make_backend=make_backend))
