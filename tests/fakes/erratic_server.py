"""The real server in its own process with a model of many moods: `python erratic_server.py`."""

from __future__ import annotations

import sys
from pathlib import Path

# Run as a program, this file does not find its sibling by its test name.
sys.path.insert(0, str(Path(__file__).parent))

from erratic_backend import ErraticBackend  # type: ignore[import-not-found,unused-ignore]

from mellum_ls.lsp_server.serve import Connection, run

if __name__ == "__main__":
    sys.exit(run(Connection(), make_backend=lambda _: ErraticBackend()))
